"""`slipway logs`: shows what a function logged."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import threading
from typing import TYPE_CHECKING

import click

from slipway.cli.options import json_option, stack_option
from slipway.cli.runners import runner_of
from slipway.cli.session import Session
from slipway.core.errors import BadInputError, SlipwayError
from slipway.running import canary, records
from slipway.running.inventory import find
from slipway.sinks import stores
from slipway.sinks.reading import Log, Platform
from slipway.sinks.store import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slipway.running.records import Record

_SOURCES = ("function", "platform", "request", "event")
# For clocks that are ahead of ours.
_AHEAD = dt.timedelta(minutes=5)


@click.command()
@click.argument("name")
@stack_option
@click.option("-f", "--follow", is_flag=True, help="Go on with whatever comes, until interrupted.")
@click.option("--since", default="1h", show_default=True, metavar="TIME", help="10m, 2h, 1d, or an ISO 8601 time.")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N records of that time.")
@click.option("--grep", metavar="EXPRESSION", help="Only records whose text matches (Python's re).")
@click.option("--sink", metavar="NAME", help="Read this sink, and nothing else.")
@click.option(
    "--source",
    "sources",
    type=click.Choice(_SOURCES),
    multiple=True,
    help="Only records of this source; may be repeated. Default: the function, on Lambda with the platform.",
)
@click.option("--canary", "with_canary", is_flag=True, help="Also the lines that `slipway verify sinks` wrote.")
@json_option
def command(
    *,
    name: str,
    stack: str,
    follow: bool,
    since: str,
    tail: int | None,
    grep: str | None,
    sink: str | None,
    sources: Sequence[str],
    with_canary: bool,
    as_json: bool,
) -> None:
    """Show what function NAME logged, oldest first.

    As long as its target has the records they are read there, otherwise from the store of one of its sinks.
    """
    now = dt.datetime.now(dt.UTC)
    start = records.parse_since(since, now)
    wanted = _wanted(grep, sources, with_canary=with_canary)
    session = Session.open(stack)
    log = _log(session, name, sink)
    query = Query(
        environment=stack,
        function=name,
        since=records.nanos_of(start),
        until=records.nanos_of(now + _AHEAD),
        wanted=wanted,
    )
    found = log.follow(query, threading.Event(), tail) if follow else log.read(query, tail)
    shown = 0
    with contextlib.suppress(KeyboardInterrupt) if follow else contextlib.nullcontext():
        for record in found:
            click.echo(json.dumps(record.envelope, ensure_ascii=False) if as_json else record.render())
            shown += 1
    if log.store is not None and log.store.unreadable:
        say(f"note: sink {log.store.sink}: {log.store.unreadable} lines are no envelopes and are not shown")
    if not (shown or follow or log.platform or name in session.functions):
        raise BadInputError(
            f"{name}: nothing is known of it: {stack} has no such function, and its sink nothing that was asked for; "
            f"what to do: compare the name with `slipway list -s {stack}`, or give an earlier --since"
        )


def say(text: str) -> None:
    """Tell people what is not shown, beside the records."""
    click.echo(text, err=True)


def _wanted(grep: str | None, sources: Sequence[str], *, with_canary: bool) -> Callable[[Record], bool]:
    try:
        pattern = re.compile(grep) if grep is not None else None
    except re.error as error:
        raise BadInputError(
            f"--grep: {grep!r} is no regular expression ({error}); what to do: put a \\ before each of "
            ".^$*+?{}[]\\|() that stands for itself"
        ) from error

    def takes(record: Record) -> bool:
        chosen = sources or (_SOURCES[:2] if record.envelope.get("target") == "lambda" else _SOURCES[:1])
        return (
            record.source in chosen
            and (with_canary or not canary.is_canary(record))
            and (pattern is None or pattern.search(record.render()) is not None)
        )

    return takes


def _log(session: Session, name: str, sink: str | None) -> Log:
    """Where the log of a function can be read."""
    settings = session.settings
    if sink is not None:
        stores.require_sink(sink, settings)
        return Log(name=name, platform=None, store=stores.store_of(sink, settings), say=say)
    outputs = session.deployed()
    known = stores.sinks_for(name, session.functions.get(name), settings)
    first = next((one for one in known if stores.is_readable(one, settings)), None)
    if name not in (outputs.get("functions") or {}) and first is not None:
        say(f"note: {name} is not deployed in {session.environment}; what sink {first} has of it is shown")
        return Log(name=name, platform=None, store=stores.store_of(first, settings), say=say)
    deployed = find(outputs, name, session.environment)
    platform = Platform(runner=runner_of(session, deployed), name=name, output=deployed)
    try:
        store = stores.store_of(first, settings) if first else None
    except SlipwayError as error:
        say(f"warning: {name}: not read: {error}; what is shown is only what its target still has")
        store = None
    return Log(name=name, platform=platform, store=store, say=say)
