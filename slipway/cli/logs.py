"""`slipway logs`: shows what a function logged."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import threading

import click

from slipway.aws import logs
from slipway.aws.inventory import find
from slipway.cli.options import json_option, stack_option
from slipway.cli.session import Session


@click.command()
@click.argument("name")
@stack_option
@click.option("-f", "--follow", is_flag=True, help="Go on with whatever comes, until interrupted.")
@click.option("--since", default="1h", show_default=True, metavar="TIME", help="10m, 2h, 1d, or an ISO 8601 time.")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N records of that time.")
@json_option
def command(*, name: str, stack: str, follow: bool, since: str, tail: int | None, as_json: bool) -> None:
    """Show what function NAME logged, oldest first."""
    start = logs.parse_since(since, dt.datetime.now(dt.UTC))
    session = Session.open(stack)
    group = str(find(session.deployed(), name, stack)["logGroup"])

    def show(record: logs.Record) -> None:
        click.echo(json.dumps(record.to_json(), ensure_ascii=False) if as_json else record.render())

    if not follow:
        found = logs.read(session.aws, group, start)
        for record in found if tail is None else logs.last(found, tail):
            show(record)
        return
    if tail is not None:
        # What is older than the wanted records is not followed, so that none is shown twice.
        kept = logs.last(logs.read(session.aws, group, start), tail)
        start = kept[0].time if kept else dt.datetime.now(dt.UTC)
    with contextlib.suppress(KeyboardInterrupt):
        for record in logs.follow(session.aws, group, start, threading.Event()):
            show(record)
