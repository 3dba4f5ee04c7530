"""`slipway recover`: mends what an interrupted run left, and does nothing else."""

from __future__ import annotations

import click

from slipway.cli.mending import finish, mend
from slipway.cli.options import json_option, stack_option
from slipway.cli.progress import Display, print_summary
from slipway.cli.session import Session, debug_option, wait_option
from slipway.cli.tables import print_json
from slipway.engine import operations


@click.command()
@stack_option
@wait_option
@debug_option
@json_option
def command(stack: str, wait_s: float, debug: bool, as_json: bool) -> None:
    """Mend the state after an interrupted update: dead locks, a broken state file, creations nobody recorded."""
    session = Session.open(stack)
    with Display("recover", quiet=as_json) as display:
        mended = mend(session, display, wait_s)
        result = operations.refresh(session.project, stack, debug=debug, on_event=display) if mended.refresh else None
        if result is not None:
            finish(session, display, mended, result)
    if as_json:
        print_json({"mended": list(mended.said), "refresh": result.to_json() if result else None})
        return
    if result is not None:
        print_summary(result)
    click.echo(f"{stack}: {'mended' if mended.said else 'nothing to mend'}")
