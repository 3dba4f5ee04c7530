"""What every store of logs can be asked, and what is the same for all: a record that arrived twice counts once."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

from slipway.core.errors import EngineError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

    from slipway.running.records import Record

POLL_S = 1.0
LATE_S = 120
"""How long after a later record one may still arrive, and be shown by those who follow: agents and streams collect."""


# For clocks that are ahead of ours.
_AHEAD_NANOS = 300_000_000_000


def everything(record: Record) -> bool:
    """Take each record."""
    del record
    return True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Query:
    """Which records are wanted.

    Attributes:
        environment: Name of the environment.
        function: Name of the function.
        since: From when on, in nanoseconds since 1970.
        until: Before when.
        wanted: Which of these.
    """

    environment: str
    function: str
    since: int
    until: int
    wanted: Callable[[Record], bool] = everything

    def takes(self, record: Record) -> bool:
        """Whether a record that a store handed over is one of them."""
        return (
            self.since <= record.nanos < self.until
            and record.envelope.get("function") == self.function
            and record.envelope.get("environment") == self.environment
            and self.wanted(record)
        )


class Store(Protocol):
    """A store of logs, as far as it is read; methods raise `EngineError` when it cannot be asked.

    Attributes:
        sink: Name of the sink whose store it is.
        where: Its address for people, without credentials.
        unreadable: Number of lines that were no envelopes and were left out.
    """

    sink: str
    where: str
    unreadable: int

    def read(self, query: Query) -> Iterator[Record]:
        """Records as they are in the store, oldest first; some of them more than once where they were delivered so."""
        ...

    def newest(self, query: Query, count: int) -> list[Record]:
        """The last `count` different records, oldest first."""
        ...

    def watch(self, query: Query) -> Callable[[int, int], Iterable[Record]]:
        """What arrives: called with the times from and until when, it tells what may be new since its last call.

        Records may be repeated.
        """
        ...


def failure(store: Store, said: str, remedy: str) -> EngineError:
    """A store that cannot be asked: which sink, where, what was said, and what to do."""
    return EngineError(f"sink {store.sink} ({store.where}): {said}; what to do: {remedy}")


def distinct(records: Iterable[Record]) -> Iterator[Record]:
    """Each record once; those without an id are all taken.

    Args:
        records: Records, oldest first, so that the same ones follow each other closely.
    """
    seen: set[str] = set()
    moment = None
    for record in records:
        if record.nanos != moment:
            seen.clear()
            moment = record.nanos
        if record.id not in seen:
            yield record
        if record.id:
            seen.add(record.id)


def follow(store: Store, query: Query, stop: threading.Event, now: Callable[[], int]) -> Iterator[Record]:
    """Records from `query.since` on, and then whatever arrives, each once, until `stop` is set.

    Args:
        store: The store.
        query: Which records; its end is none.
        stop: Ends it.
        now: The time, in nanoseconds since 1970.
    """
    look = store.watch(query)
    seen: dict[str, int] = {}
    newest = start = query.since
    while not stop.is_set():
        for record in look(start, now() + _AHEAD_NANOS):
            if record.id and record.id in seen:
                continue
            seen[record.id] = record.nanos
            newest = max(newest, record.nanos)
            yield record
        start = max(query.since, newest - LATE_S * 1_000_000_000)
        seen = {key: nanos for key, nanos in seen.items() if nanos >= start}
        stop.wait(POLL_S)
