"""Reads the log of a function from wherever it is: from its target while that has it, else from a sink's store."""

from __future__ import annotations

import dataclasses
import heapq
import time
from typing import TYPE_CHECKING, Any

from slipway.core.errors import EngineError
from slipway.running.records import last, moment_of, nanos_of
from slipway.running.runner import Kept
from slipway.sinks import store as stores
from slipway.sinks.store import distinct

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

    from slipway.running.records import Record
    from slipway.running.runner import Runner
    from slipway.sinks.store import Query, Store

# How late a target's own store of logs may show a record.
_OVERLAP_NANOS = 60_000_000_000
# How far from their order records of a store may be.
_CLOSE_NANOS = 2_000_000_000
_MANY = 10_000
_EVER = 2**63 - 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Platform:
    """A deployed function on its target.

    Attributes:
        runner: The target.
        name: Name of the function.
        output: What the stack's outputs say of it.
    """

    runner: Runner
    name: str
    output: Mapping[str, Any]

    def kept(self, now: int) -> Kept:
        """What the target still has."""
        return self.runner.kept(self.name, self.output, moment_of(now))

    def read(self, query: Query) -> Iterator[Record]:
        """Records of the target, oldest first."""
        return filter(query.takes, self.runner.logs(self.name, self.output, moment_of(query.since)))

    def follow(self, query: Query, stop: threading.Event) -> Iterator[Record]:
        """Records of the target and those that it gets, until `stop` is set."""
        return filter(query.takes, self.runner.follow(self.name, self.output, moment_of(query.since), stop))


def now_nanos() -> int:
    """The time, in nanoseconds since 1970."""
    return time.time_ns()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Log:
    """The log of a function.

    Attributes:
        name: Name of the function.
        platform: The function on its target; None where that is not to be asked.
        store: The store of one of its sinks; None where there is none that can be read.
        say: Tells people what is not shown, and why.
    """

    name: str
    platform: Platform | None
    store: Store | None
    say: Callable[[str], None]

    def read(self, query: Query, tail: int | None = None) -> Iterable[Record]:
        """Records, oldest first, or only the last of them.

        Raises:
            EngineError: What alone could have them cannot be asked, or there is nothing to ask.
        """
        return self._read(self._kept(), query, tail)

    def follow(self, query: Query, stop: threading.Event, tail: int | None = None) -> Iterator[Record]:
        """Records, and then whatever comes, each once, until `stop` is set.

        Raises:
            EngineError: As above.
        """
        kept = self._kept()
        if kept.present:
            yield from self._follow_platform(kept, query, stop, tail)
            return
        store = self._require_store()
        if tail is not None:
            # What is older than the wanted records is not followed, so that none is shown twice.
            shown = store.newest(query, tail)
            query = dataclasses.replace(query, since=shown[0].nanos if shown else now_nanos())
        yield from stores.follow(store, query, stop, now_nanos)

    def _kept(self) -> Kept:
        return self.platform.kept(now_nanos()) if self.platform else Kept(present=False)

    def _read(self, kept: Kept, query: Query, tail: int | None) -> Iterable[Record]:
        if self.platform is None or not kept.present:
            store = self._require_store()
            return distinct(store.read(query)) if tail is None else store.newest(query, tail)
        begin = None if kept.since is None else nanos_of(kept.since)
        if begin is not None and begin <= query.since:
            shown = self.platform.read(query)
        elif self.store is None:
            self._say_missing(kept)
            shown = self.platform.read(query)
        else:
            # Where it is known from when on the target has everything, the store is asked for what was before.
            before = query if begin is None else dataclasses.replace(query, until=min(begin, query.until))
            after = query if begin is None else dataclasses.replace(query, since=begin)
            shown = _merged(self._stored(self.store, before, tail), self.platform.read(after))
        return shown if tail is None else last(shown, tail)

    def _follow_platform(self, kept: Kept, query: Query, stop: threading.Event, tail: int | None) -> Iterator[Record]:
        assert self.platform is not None
        moment = now_nanos()
        # What is known to be whole may come late; pods show what they wrote at once.
        start = max(query.since, moment - (_OVERLAP_NANOS if kept.since else 0))
        seen: set[Hashable] = set()
        first = None
        for record in self._read(kept, dataclasses.replace(query, until=moment), tail):
            first = record.nanos if first is None else first
            if record.nanos >= start:
                seen.add(_identity(record))
            yield record
        if tail is not None:
            start = max(start, moment if first is None else first)
        for record in self.platform.follow(dataclasses.replace(query, since=start, until=_EVER), stop):
            if _identity(record) not in seen:
                yield record

    def _stored(self, store: Store, query: Query, tail: int | None) -> Iterator[Record]:
        """What a store has; if it cannot be asked, that is said, and what the target has is shown without it."""
        try:
            yield from distinct(store.read(query)) if tail is None else store.newest(query, tail)
        except EngineError as error:
            self.say(f"warning: {self.name}: not read: {error}; what is shown is only what its target still has")

    def _require_store(self) -> Store:
        if self.store is not None:
            return self.store
        raise EngineError(
            f"{self.name}: its target has no log of it, and it has no sink that can be read; what to do: deploy it "
            "(`slipway up`), or read a sink with --sink"
        )

    def _say_missing(self, kept: Kept) -> None:
        if kept.limits:
            self.say(f"note: {kept.limits}")
        elif kept.since:
            begin = kept.since.astimezone().isoformat(timespec="seconds")
            self.say(f"note: {self.name}: its target has records from {begin} on; older ones are not shown")


def _merged(stored: Iterable[Record], there: Iterable[Record]) -> Iterator[Record]:
    """Records of a store and of the target by their time; of those that both have, that of the store."""
    of_store = ((record, True) for record in stored)
    of_target = ((record, False) for record in there)
    known: dict[Hashable, int] = {}
    for record, is_stored in heapq.merge(of_store, of_target, key=lambda pair: pair[0].nanos):
        key = _identity(record)
        if is_stored:
            known[key] = record.nanos
            if len(known) > _MANY:
                known = {one: nanos for one, nanos in known.items() if nanos >= record.nanos - _CLOSE_NANOS}
        elif key in known:
            continue
        yield record


def _identity(record: Record) -> Hashable:
    """What is the same of a record in a store and on its target."""
    if record.envelope.get("target") == "lambda":
        return record.id
    # The container runtime gives each line of a pod a time of its own, which the agent takes over.
    return record.nanos, record.envelope.get("revision"), record.source
