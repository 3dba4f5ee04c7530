"""The last lines of each function, as its sink has them: the end of `make up`."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any

import click

from slipway.cli.tables import print_table
from slipway.running.log_text import text_of
from slipway.running.records import moment_of
from slipway.sinks import arrivals, stores
from slipway.sinks.store import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slipway.cli.session import Session
    from slipway.sinks.arrivals import Arrival

LINES = 2
_SHOWN = 100
_AHEAD_NANOS = 300_000_000_000


def last_lines(session: Session, names: Iterable[str], since: int) -> list[Arrival]:
    """What the sinks have of functions since a time, in nanoseconds since 1970; waits for it within a bound."""
    settings = session.settings
    wanted, asked = [], []
    without: list[Arrival] = []
    for name in names:
        sinks = stores.sinks_for(name, session.functions.get(name), settings)
        readable = [sink for sink in sinks if stores.is_readable(sink, settings)]
        if not readable:
            why = f"not checked: {', '.join(sinks) or 'it has no sink'} cannot be read from here"
            without.append(arrivals.Arrival(function=name, sink=None, missing=why))
            continue
        asked.append(settings.sinks[readable[0]])
        make = functools.partial(stores.store_of, readable[0], settings)
        until = time.time_ns() + _AHEAD_NANOS
        query = Query(environment=session.environment, function=name, since=since, until=until)
        wanted.append((name, make, query))
    found = arrivals.wait_for(wanted, LINES, arrivals.patience_s(asked))
    return sorted([*found, *without], key=lambda one: one.function)


def print_last_lines(found: Sequence[Arrival]) -> None:
    """Print a line for each record, cut where it is long."""
    rows: list[tuple[object, ...]] = []
    for one in found:
        rows += [(one.function, one.sink, *_cells(record.nanos, record.envelope)) for record in one.records]
        if one.missing is not None:
            rows.append((one.function, one.sink, None, None, one.missing))
    click.echo()
    print_table(("function", "sink", "time", "severity", "last lines in the sink"), rows)


def _cells(nanos: int, envelope: Mapping[str, Any]) -> tuple[object, ...]:
    text = text_of(envelope).partition("\n")[0]
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."
    return f"{moment_of(nanos).astimezone():%H:%M:%S}", envelope.get("severity"), shown
