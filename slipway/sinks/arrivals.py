"""The newest records of several functions in their sinks, waited for within a bound."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

from slipway.core.errors import SlipwayError
from slipway.running.canary import is_canary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from slipway.core.settings_sinks import Sink
    from slipway.running.records import Record
    from slipway.sinks.store import Query, Store

_LOOK_S = 1.0
# A stream on AWS that sorts records into folders of a bucket collects so long at least.
_SHORTEST_S = 60
# Kubernetes' events tell of pods, and are there without any call.
_NO_SIGN = "event"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arrival:
    """The newest records of a function in one of its sinks.

    Attributes:
        function: The function.
        sink: The sink; None where the function has none that can be read.
        records: Its records, oldest first.
        missing: Why there are none; None when there are some.
    """

    function: str
    sink: str | None
    records: Sequence[Record] = ()
    missing: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The arrival as JSON values."""
        envelopes = [record.envelope for record in self.records]
        return {"function": self.function, "sink": self.sink, "records": envelopes, "missing": self.missing}


def patience_s(sinks: Iterable[Sink]) -> int:
    """How long a record may take to sinks: twice what the slowest may collect, and a minute."""
    return 2 * max([_SHORTEST_S, *(sink.buffer.age for sink in sinks)]) + _SHORTEST_S


def wait_for(wanted: Iterable[tuple[str, Callable[[], Store], Query]], count: int, within_s: float) -> list[Arrival]:
    """The newest records of each function, as soon as each has one, or after a bound of time.

    Args:
        wanted: Functions, what makes the store that each is looked for in, and the time of interest.
        count: How many records of each.
        within_s: How long to wait.
    """
    deadline = time.monotonic() + within_s
    found: dict[str, Arrival] = {}
    waiting = list(wanted)
    while waiting:
        is_last = time.monotonic() >= deadline
        for function, make, query in waiting:
            found[function] = _look(function, make, query, count, within_s)
        waiting = [one for one in waiting if not found[one[0]].records and found[one[0]].sink is not None]
        if is_last:
            break
        if waiting:
            time.sleep(_LOOK_S)
    return [found[function] for function in sorted(found)]


def _look(function: str, make: Callable[[], Store], query: Query, count: int, within_s: float) -> Arrival:
    asked = dataclasses.replace(query, wanted=lambda record: record.source != _NO_SIGN and not is_canary(record))
    try:
        store = make()
        records = store.newest(asked, count)
    except SlipwayError as error:
        return Arrival(function=function, sink=None, missing=f"not checked: {error}")
    missing = None if records else f"nothing arrived within {within_s:g} s"
    return Arrival(function=function, sink=store.sink, records=records, missing=missing)
