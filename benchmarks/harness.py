"""What every benchmark measures with: CPU seconds of a whole process tree, two sides interleaved, a ratio.

Absolute times do not travel between machines, so a benchmark compares two ways to do the same work in one run, in
turns, and reports the ratio of the medians. CPU seconds come from the kernel's accounting (`wait4`, `getrusage`) and
contain every descendant that has been waited for.
"""

from __future__ import annotations

import dataclasses
import os
import resource
import statistics
import subprocess
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True)
class Measurement:
    """What one benchmark found.

    Attributes:
        ratio: Ours divided by the other side.
        note: What was compared and how much each side took; a missed target's cause.
        target: The ratio to stay at or under; None takes the benchmark's `TARGET`.
        parts: Further ratios with targets of their own (name to ratio and target), for a benchmark that has several;
            one without a target is for information.
    """

    ratio: float
    note: str = ""
    target: float | None = None
    parts: Mapping[str, tuple[float, float | None]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """Medians of two sides that took turns.

    Attributes:
        ours: Median cost of our side (CPU seconds, calls or bytes: whatever the sides return).
        theirs: Median cost of the other side.
        rounds: How many turns each side had.
    """

    ours: float
    theirs: float
    rounds: int

    @property
    def ratio(self) -> float:
        """Ours divided by theirs; infinite when the other side cost nothing measurable."""
        return self.ours / self.theirs if self.theirs else float("inf")

    def describe(self, unit: str = "s CPU") -> str:
        """Both medians for a note: `0.061 against 1.502 s CPU, median of 5`."""
        return f"{self.ours:.3g} against {self.theirs:.3g} {unit}, median of {self.rounds}"


class NotMeasuredError(Exception):
    """This machine lacks what a benchmark needs; the message says what."""


class CommandError(RuntimeError):
    """A command of a benchmark failed, so its cost means nothing."""


def command_cpu(
    command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> float:
    """Run a command and return the CPU seconds (user and system) of it and its waited-for descendants.

    Args:
        command: Program and arguments.
        cwd: Working directory.
        env: The complete environment; None inherits ours.

    Raises:
        CommandError: The command failed; the message ends with what it printed last.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [os.fspath(word) for word in command],
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            tail = output.read().decode(errors="replace")[-2000:]
            raise CommandError(f"{os.fspath(command[0])} ended with {process.returncode}: {tail}")
    return usage.ru_utime + usage.ru_stime


def call_cpu(call: Callable[[], object]) -> float:
    """CPU seconds that a call costs in this process, in all its threads, and in the children it waits for."""
    before = _used()
    call()
    return _used() - before


def compare(
    ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int = 5, warm_up: bool = True
) -> Comparison:
    """Let two sides take turns and return the medians of what they cost.

    The order within a round alternates, so that neither side always runs on a cache that the other has just filled.

    Args:
        ours: Does our side's work once and returns its cost, for example by `call_cpu` or `command_cpu`.
        theirs: The same for the other side.
        rounds: Measured turns of each side.
        warm_up: Whether each side first runs once unmeasured.
    """
    sides = (ours, theirs)
    costs: tuple[list[float], list[float]] = ([], [])
    if warm_up:
        for side in sides:
            side()
    for turn in range(rounds):
        for index in (0, 1) if turn % 2 == 0 else (1, 0):
            costs[index].append(sides[index]())
    return Comparison(ours=statistics.median(costs[0]), theirs=statistics.median(costs[1]), rounds=rounds)


def _used() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total
