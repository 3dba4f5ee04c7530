"""Calls to the engine per function: registrations and debug messages, components against hand-written."""

from __future__ import annotations

import collections
import json
import shutil
from typing import TYPE_CHECKING

from benchmarks.harness import CommandError, Measurement, command_cpu
from benchmarks.stacks import PROGRAMS, both

if TYPE_CHECKING:
    from benchmarks.stacks import Stack

ID = "B2"
TARGET = 1.25
DEBUG_LOGS = 0.02
_FEW, _MANY = 5, 25
_REGISTER, _LOG = "RegisterResource", "Log"


def measure() -> Measurement:
    """Marginal calls of a function: those of a preview of 25 less those of one of 5, divided by 20. No times."""
    few, many = _both(_FEW), _both(_MANY)
    functions = _MANY - _FEW
    ours, hand = (
        {call: (more[call] - less[call]) / functions for call in (_REGISTER, _LOG)}
        for less, more in zip(few, many, strict=True)
    )
    if not hand[_REGISTER] or not hand[_LOG]:
        raise CommandError(f"hand-written, a function makes {hand} calls: the SDK makes them elsewhere")
    return Measurement(
        ratio=ours[_REGISTER] / hand[_REGISTER],
        note=f"registrations {ours[_REGISTER]:g} against {hand[_REGISTER]:g}, "
        f"messages {ours[_LOG]:g} against {hand[_LOG]:g} per function",
        parts={"debug logs": (ours[_LOG] / hand[_LOG], DEBUG_LOGS)},
    )


def _both(functions: int) -> tuple[collections.Counter[str], collections.Counter[str]]:
    with both(functions) as (_, ours, hand):
        return _calls(ours), _calls(hand)


def _calls(stack: Stack) -> collections.Counter[str]:
    program, calls = stack.folder / "__main__.py", stack.folder / "calls.json"
    program.rename(stack.folder / "program.py")
    shutil.copy(PROGRAMS / "counting.py", program)
    command_cpu(
        stack.command("preview", "--stack", "bench"), cwd=stack.folder, env={**stack.env, "BENCH_CALLS": str(calls)}
    )
    return collections.Counter(json.loads(calls.read_text(encoding="utf-8")))
