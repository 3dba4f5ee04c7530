"""`slipway logs`: shows what a function logged."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import threading

import click

from slipway.cli.options import json_option, stack_option
from slipway.cli.runners import runner_of
from slipway.cli.session import Session
from slipway.running import records
from slipway.running.inventory import find


@click.command()
@click.argument("name")
@stack_option
@click.option("-f", "--follow", is_flag=True, help="Go on with whatever comes, until interrupted.")
@click.option("--since", default="1h", show_default=True, metavar="TIME", help="10m, 2h, 1d, or an ISO 8601 time.")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N records of that time.")
@json_option
def command(*, name: str, stack: str, follow: bool, since: str, tail: int | None, as_json: bool) -> None:
    """Show what function NAME logged, oldest first."""
    start = records.parse_since(since, dt.datetime.now(dt.UTC))
    session = Session.open(stack)
    deployed = find(session.deployed(), name, stack)
    runner = runner_of(session, deployed)
    limits = runner.log_limits()
    if limits:
        click.echo(f"note: {limits}", err=True)

    def show(record: records.Record) -> None:
        click.echo(json.dumps(record.to_json(), ensure_ascii=False) if as_json else record.render())

    if not follow:
        found = runner.logs(name, deployed, start)
        for record in found if tail is None else records.last(found, tail):
            show(record)
        return
    if tail is not None:
        # What is older than the wanted records is not followed, so that none is shown twice.
        kept = records.last(runner.logs(name, deployed, start), tail)
        start = kept[0].time if kept else dt.datetime.now(dt.UTC)
    with contextlib.suppress(KeyboardInterrupt):
        for record in runner.follow(name, deployed, start, threading.Event()):
            show(record)
