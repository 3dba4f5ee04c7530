"""What a target can do with the functions that run on it; `slipway.aws` and `slipway.kube` implement it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import contextlib
    import datetime as dt
    import threading
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from slipway.running.calls import Answer, Call
    from slipway.running.canary import Run
    from slipway.running.inventory import Entry
    from slipway.running.records import Record
    from slipway.running.releases import Move, Release


@dataclasses.dataclass(frozen=True, kw_only=True)
class Redriven:
    """What became of dead letters that were sent again.

    Attributes:
        sent: How many the function, or its queue, took.
        failed: Those that it did not take, and that stay: which, and why.
        left: How many there are afterwards; None when that could not be counted.
        stopped: Why it ended early; None when it did not.
    """

    sent: int
    failed: Sequence[tuple[str, str]] = ()
    left: int | None = None
    stopped: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """What a target still has of a function's logs.

    Attributes:
        present: Whether it has any.
        since: From when on it has all of them; None when that is not known.
        limits: What people should know about those that it has not; None when nothing is missing.
    """

    present: bool
    since: dt.datetime | None = None
    limits: str | None = None


class Runner(Protocol):
    """The functions of one environment on one target; methods raise `EngineError` when it cannot be asked."""

    def holds_pointer(self, name: str, resource: Mapping[str, Any]) -> bool:
        """Whether a resource of the stack's state is the one that holds a function's pointer."""
        ...

    def invoke(
        self,
        name: str,
        output: Mapping[str, Any],
        call: Call,
        *,
        version: str | None = None,
        asynchronous: bool = False,
    ) -> Answer:
        """Call a function once; a failing function raises nothing.

        Args:
            name: Its name in the project.
            output: What the stack's outputs say of it.
            call: What to call it with.
            version: The candidate's name, to call it instead of what callers reach.
            asynchronous: Whether to queue the event and not wait for the answer.

        Raises:
            BadInputError: The target cannot do that.
        """
        ...

    def visit(self, name: str, output: Mapping[str, Any], call: Call) -> tuple[Answer, str]:
        """Call a function as its callers do, if that can be done from here, else as `invoke` does.

        Returns:
            The answer, and by which way it was got: `real address` or `invoke`.
        """
        ...

    def logs(self, name: str, output: Mapping[str, Any], since: dt.datetime) -> Iterator[Record]:
        """What a function logged from `since` on, oldest first."""
        ...

    def follow(
        self, name: str, output: Mapping[str, Any], since: dt.datetime, stop: threading.Event
    ) -> Iterator[Record]:
        """What it logged from `since` on, and then whatever comes, each record once, until `stop` is set."""
        ...

    def kept(self, name: str, output: Mapping[str, Any], now: dt.datetime) -> Kept:
        """What the target still has of a function's logs."""
        ...

    def planted(
        self, name: str, outputs: Mapping[str, Mapping[str, Any]], run: Run
    ) -> contextlib.AbstractContextManager[None]:
        """Writes lines of the delivery canary at the beginning of a function's path to its sinks; in the end tidies up.

        Args:
            name: The function.
            outputs: What the stack's outputs say of all functions, by name.
            run: The lines.
        """
        ...

    def check(self, entries: Iterable[Entry]) -> list[Entry]:
        """The same entries with what the target says now; what cannot be asked is `not checked`, and why."""
        ...

    def release(self, name: str) -> Release | None:
        """Which versions of a function answer its calls; None when it is not deployed."""
        ...

    def move(self, release: Release, move: Move) -> None:
        """Give all calls to one version, and wait until it is so; refuse when somebody else moved meanwhile."""
        ...

    def alarms(self, release: Release) -> tuple[list[str], str | None]:
        """Alarms of a function that are on, a text each, and why they could not all be checked, or None."""
        ...

    def redrive(self, name: str, limit: int | None) -> Redriven:
        """Send a function's dead letters again, at most `limit`; what is not taken stays."""
        ...
