"""Puts a candidate to the test: example calls, and the function's alarms."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.running.calls import Call
    from slipway.running.releases import Release
    from slipway.running.runner import Runner


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a trial of a candidate showed.

    Attributes:
        version: The candidate.
        calls: Number of calls that said something about it.
        failures: Why calls failed, one for each.
        alarms: Alarms that are on.
        unchecked: What could not be checked, and why.
        latency_ms: Mean of how long the calls took; None without calls.
        status: HTTP status of the last call; None without one.
    """

    version: str
    calls: int
    failures: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    latency_ms: float | None = None
    status: int | None = None

    @property
    def error_rate(self) -> float:
        """Percent of the calls that failed."""
        return 100 * len(self.failures) / self.calls if self.calls else 0.0

    def problem(self, allowed_percent: float) -> str | None:
        """Why the candidate must not stay; None when nothing speaks against it.

        Args:
            allowed_percent: Percent of the calls that may fail.
        """
        reasons = list(self.alarms)
        if self.error_rate > allowed_percent:
            reasons.insert(0, f"{len(self.failures)} of {self.calls} calls failed: {self.failures[0]}")
        return "; ".join(reasons) or None


def hold(runner: Runner, release: Release, output: Mapping[str, Any], call: Call, times: int) -> Verdict:
    """Call a candidate with its example some times, and look at the function's alarms.

    Args:
        runner: What runs the function.
        release: Its versions; it has a candidate.
        output: What the stack's outputs say of it.
        call: The example call.
        times: How often to call it.
    """
    assert release.candidate is not None
    failures: list[str] = []
    unchecked: list[str] = []
    durations: list[float] = []
    status: int | None = None
    for _ in range(times):
        try:
            answer = runner.invoke(release.function, output, call, version=release.candidate)
        except EngineError as error:
            unchecked.append(f"calls: {error}")
            break
        if answer.unchecked is not None:
            unchecked.append(f"calls: {answer.unchecked}")
            break
        durations.append(answer.duration_ms)
        status = answer.status if answer.error is None else None
        if (failure := call.failure(answer)) is not None:
            failures.append(failure)
    try:
        alarms, blind = runner.alarms(release)
    except EngineError as error:
        alarms, blind = [], str(error)
    if blind is not None:
        unchecked.append(f"alarms: {blind}")
    return Verdict(
        version=release.candidate,
        calls=len(durations),
        failures=tuple(failures),
        alarms=tuple(alarms),
        unchecked=tuple(unchecked),
        latency_ms=round(sum(durations) / len(durations), 2) if durations else None,
        status=status,
    )
