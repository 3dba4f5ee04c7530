"""Preview CPU of 1,000 resources: components against the same resources written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.harness import CommandError, Measurement, command_cpu, compare
from benchmarks.stacks import both, functions_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.echo_provider import EchoProvider
    from benchmarks.stacks import Stack

ID = "B1"
TARGET = 0.65
WITHOUT_NO_OP = 1.3
_RESOURCES = 1000
_ROUNDS = 3


def measure() -> Measurement:
    """CPU seconds of engine, language host and program; the provider, which answers at once, is not counted."""
    functions = functions_for(_RESOURCES)
    with both(functions) as (provider, ours, hand):
        _same_resources(provider, ours, hand)
        lean = compare(preview(ours), preview(hand), rounds=_ROUNDS)
    with both(functions, BENCH_LEAN="no-logs") as (_, ours, hand):
        logging = compare(preview(ours), preview(hand), rounds=1, warm_up=False)
    return Measurement(
        ratio=lean.ratio,
        note=f"{functions} functions, about {_RESOURCES} resources: {lean.describe()}",
        parts={"without the log no-op": (logging.ratio, WITHOUT_NO_OP)},
    )


def preview(stack: Stack) -> Callable[[], float]:
    """A call that previews a stack once and returns what it cost in CPU seconds."""
    return lambda: command_cpu(stack.command("preview", "--stack", "bench"), cwd=stack.folder, env=stack.env)


def _same_resources(provider: EchoProvider, ours: Stack, hand: Stack) -> None:
    """Both programs must register the same number of resources of each type, or the comparison means nothing."""
    counts = []
    for stack in (ours, hand):
        provider.forget()
        preview(stack)()
        counts.append(dict(provider.checked))
    if counts[0] != counts[1] or not counts[0]:
        raise CommandError(f"the two programs differ in their resources: ours {counts[0]}, by hand {counts[1]}")
