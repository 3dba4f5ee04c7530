"""`slipway refresh`: brings the state in line with what really exists."""

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
    """Bring the state in line with what really exists; changes nothing that runs."""
    session = Session.open(stack)
    with Display("refresh", quiet=as_json) as display:
        mended = mend(session, display, wait_s)
        result = operations.refresh(session.project, stack, debug=debug, on_event=display)
        finish(session, display, mended, result)
    if as_json:
        print_json(result.to_json())
    else:
        print_summary(result)
