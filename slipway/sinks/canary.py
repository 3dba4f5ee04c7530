"""The delivery canary: sends numbered lines through each function's path, and counts what its sinks have of them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import math
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from slipway.core.errors import SlipwayError
from slipway.running.canary import Run
from slipway.running.inventory import NOT_CHECKED
from slipway.sinks.arrivals import patience_s
from slipway.sinks.store import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from slipway.core.settings_sinks import Sink
    from slipway.running.runner import Runner
    from slipway.sinks.store import Store

OK = "ok"
LOST = "lost"
_SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_LOOK_S = 0.5
_AT_ONCE = 4
_MARGIN_NANOS = 300_000_000_000
_LONGEST_NANOS = 3_600_000_000_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of the lines of one function on their way to one sink.

    Attributes:
        function: The function.
        sink: The sink.
        sent: How many lines were written.
        arrived: How many of them are in the store.
        duplicated: How often one of them is there once more.
        p50_ms: Milliseconds until a line could be read in the store: half of them took no longer; None without any.
        p99_ms: The same for 99 of 100.
        result: `ok`, `lost: ...`, `failed: ...` or `not checked: ...`.
    """

    function: str
    sink: str
    sent: int = 0
    arrived: int = 0
    duplicated: int = 0
    p50_ms: int | None = None
    p99_ms: int | None = None
    result: str

    @property
    def lost(self) -> int:
        """How many lines did not arrive in time."""
        return self.sent - self.arrived

    def to_json(self) -> dict[str, Any]:
        """The delivery as JSON values."""
        return {**dataclasses.asdict(self), "lost": self.lost}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """A function whose path is tried.

    Attributes:
        name: The function.
        runner: The target that it runs on.
        sinks: Names of its sinks.
    """

    name: str
    runner: Runner
    sinks: Sequence[str]


class Canary:
    """One trial of an environment's sinks.

    Args:
        environment: Name of the environment.
        outputs: What the stack's outputs say of its functions, by name.
        sinks: Settings of its sinks, by name.
        store: Makes the store of a sink; raises `BadInputError` for those that cannot be read.
        say: Tells how far it is.
    """

    def __init__(
        self,
        environment: str,
        outputs: Mapping[str, Mapping[str, Any]],
        sinks: Mapping[str, Sink],
        store: Callable[[str], Store],
        say: Callable[[str], None],
    ) -> None:
        self._environment = environment
        self._outputs = outputs
        self._sinks = sinks
        self._store = store
        self._say = say

    def fly(self, subjects: Iterable[Subject], count: int, within_s: float | None = None) -> list[Delivery]:
        """Send the lines of all functions, and wait for them in all sinks.

        Args:
            subjects: The functions.
            count: How many lines of each.
            within_s: How long to wait for them; None takes what `patience_s` says.
        """
        done: list[Delivery] = []
        with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
            sending: list[_Sending] = []
            for subject in subjects:
                run = Run(id=secrets.token_hex(4), count=count, level=self._level(subject))
                checked = {sink: self._unchecked(sink, run) for sink in subject.sinks}
                done += [Delivery(function=subject.name, sink=s, result=why) for s, why in checked.items() if why]
                ready = [sink for sink, why in checked.items() if why is None]
                if ready:
                    self._say(f"{subject.name}: sending {count} lines as run {run.id}")
                    flights = [self._flight(subject.name, sink, run) for sink in ready]
                    begun = subject.runner.planted(subject.name, self._outputs, run)
                    sending.append(_Sending(pool.submit(_enter, stack, begun), flights))
            self._await(sending, within_s)
        done += [flight.landed() for one in sending for flight in one.flights]
        return sorted(done, key=lambda one: (one.function, one.sink))

    def _await(self, sending: Sequence[_Sending], within_s: float | None) -> None:
        flights = [flight for one in sending for flight in one.flights]
        slow = patience_s(self._sinks[flight.sink] for flight in flights)
        bound_s = within_s if within_s is not None else slow
        deadline: float | None = None
        while flights:
            for one in sending:
                one.look()
            if all(flight.ended for flight in flights) or (deadline is not None and time.monotonic() >= deadline):
                return
            if deadline is None and all(one.sent.done() for one in sending):
                deadline = time.monotonic() + bound_s
                self._say(f"waiting for {len(flights)} deliveries, {bound_s:g} s at the most")
            time.sleep(_LOOK_S)

    def _flight(self, function: str, sink: str, run: Run) -> _Flight:
        return _Flight(
            environment=self._environment,
            function=function,
            sink=sink,
            store=self._store(sink),
            run=run,
            begun=time.time_ns(),
        )

    def _level(self, subject: Subject) -> str:
        """The lowest severity that all its sinks take."""
        levels = [self._sinks[sink].level or "INFO" for sink in subject.sinks]
        return max(["INFO", *levels], key=_SEVERITIES.index)

    def _unchecked(self, sink: str, run: Run) -> str | None:
        """Why nothing can be said about a sink; None when something can."""
        if any(re.search(pattern, run.message) for pattern in self._sinks[sink].exclude):
            return f"{NOT_CHECKED}: `exclude` of sink {sink} keeps the canary's lines away"
        try:
            self._store(sink)
        except SlipwayError as error:
            return f"{NOT_CHECKED}: {error}"
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class _Sending:
    """Lines that are being written, and where they fly to."""

    sent: concurrent.futures.Future[None]
    flights: Sequence[_Flight]

    def look(self) -> None:
        """See what is new in the stores, or why nothing is sent."""
        failure = self.sent.exception() if self.sent.done() else None
        for flight in self.flights:
            if failure is None:
                flight.look()
            elif isinstance(failure, SlipwayError):
                flight.fail(str(failure))
            else:
                raise failure


def _enter(stack: contextlib.ExitStack, begun: contextlib.AbstractContextManager[None]) -> None:
    stack.enter_context(begun)


class _Flight:
    """Lines of one function on their way to one sink."""

    def __init__(self, *, environment: str, function: str, sink: str, store: Store, run: Run, begun: int) -> None:
        self._function = function
        self.sink = sink
        self._store = store
        self._run = run
        self._query = Query(
            environment=environment,
            function=function,
            since=begun - _MARGIN_NANOS,
            until=begun + _LONGEST_NANOS,
            wanted=lambda record: run.number_of(record) is not None,
        )
        self._watch = store.watch(self._query)
        self._late_ms: dict[int, int] = {}
        self._failure: str | None = None
        self._is_sent = True

    @property
    def ended(self) -> bool:
        """Whether there is nothing to wait for any more."""
        return self._failure is not None or len(self._late_ms) == self._run.count

    def look(self) -> None:
        """See what is new in the store."""
        if self.ended:
            return
        try:
            for record in self._watch(self._query.since, self._query.until):
                number = self._run.number_of(record)
                if number is not None and number not in self._late_ms:
                    self._late_ms[number] = max(0, (time.time_ns() - record.nanos) // 1_000_000)
        except SlipwayError as error:
            self._failure = str(error)

    def fail(self, why: str) -> None:
        """Note that nothing was sent."""
        self._failure = why
        self._is_sent = False

    def landed(self) -> Delivery:
        """What became of them."""
        if not self._is_sent:
            return Delivery(function=self._function, sink=self.sink, result=f"failed: {self._failure}")
        found: list[int | None] = []
        if self._failure is None:
            try:
                found = [self._run.number_of(record) for record in self._store.read(self._query)]
            except SlipwayError as error:
                self._failure = str(error)
        arrived = len({*found, *self._late_ms})
        late = sorted(self._late_ms.values())
        delivery = Delivery(
            function=self._function,
            sink=self.sink,
            sent=self._run.count,
            arrived=arrived,
            duplicated=max(0, len(found) - len(set(found))),
            p50_ms=_percentile(late, 50),
            p99_ms=_percentile(late, 99),
            result=OK,
        )
        if self._failure is not None:
            return dataclasses.replace(delivery, result=f"failed: {self._failure}")
        return dataclasses.replace(delivery, result=f"{LOST}: {delivery.lost}") if delivery.lost else delivery


def _percentile(values: Sequence[int], percent: int) -> int | None:
    """The smallest value that so many percent of all (sorted) values do not exceed."""
    return values[math.ceil(len(values) * percent / 100) - 1] if values else None
