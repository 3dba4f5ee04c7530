"""`slipway up`: brings an environment to what the project says."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import click

from slipway.cli.building import build_ahead
from slipway.cli.mending import finish, look, mend
from slipway.cli.options import json_option, stack_option
from slipway.cli.preparing import prepare
from slipway.cli.progress import Display, print_summary
from slipway.cli.session import Session, debug_option, wait_option
from slipway.cli.tables import print_json, print_table
from slipway.engine import operations, recover

if TYPE_CHECKING:
    from slipway.engine.steps import RunResult


@click.command()
@stack_option
@click.option("--refresh", is_flag=True, help="Look first at what really exists.")
@wait_option
@debug_option
@json_option
def command(stack: str, refresh: bool, wait_s: float, debug: bool, as_json: bool) -> None:
    """Bring an environment to what the project says, after mending what an interrupted run left."""
    session = Session.open(stack)
    looking = functools.partial(look, session)
    with Display("up", quiet=as_json, look=looking) as display:
        prepare(session)
        mended = mend(session, display, wait_s)
        build_ahead(session, display)
        recover.begin(session.project, stack, session.instances)
        result = operations.up(
            session.project,
            stack,
            refresh=refresh or mended.refresh,
            debug=debug,
            on_event=display,
            look=looking,
        )
        finish(session, display, mended, result)
    if as_json:
        print_json({**result.to_json(), "mended": list(mended.said)})
        return
    print_summary(result)
    _print_outputs(result)


def _print_outputs(result: RunResult) -> None:
    functions = result.outputs.get("functions") or {}
    rows = [
        (name, about.get("target"), about.get("version"), about.get("url")) for name, about in sorted(functions.items())
    ]
    if rows:
        click.echo()
        print_table(("function", "target", "version", "url"), rows)
