"""`slipway destroy`: removes everything that an environment deployed."""

from __future__ import annotations

import sys

import click

from slipway.cli.mending import mend
from slipway.cli.options import json_option, stack_option
from slipway.cli.progress import Display, print_summary
from slipway.cli.session import Session, debug_option, wait_option
from slipway.cli.tables import print_json
from slipway.core.errors import BadInputError
from slipway.engine import operations, recover


@click.command()
@stack_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask for the environment's name.")
@wait_option
@debug_option
@json_option
def command(stack: str, yes: bool, wait_s: float, debug: bool, as_json: bool) -> None:
    """Remove everything that an environment deployed. What holds data and is protected stays, with a message."""
    session = Session.open(stack)
    if not yes:
        _confirm(stack)
    with Display("destroy", quiet=as_json) as display:
        mended = mend(session, display, wait_s)
        if mended.refresh:
            operations.refresh(session.project, stack, debug=debug, on_event=display)
        recover.begin(session.project, stack, session.instances)
        result = operations.destroy(session.project, stack, debug=debug, on_event=display)
        recover.succeed(session.project, stack, session.instances)
    if as_json:
        print_json(result.to_json())
    else:
        print_summary(result)


def _confirm(stack: str) -> None:
    if not sys.stdin.isatty():
        raise BadInputError(f"{stack}: nobody here can confirm; what to do: add --yes to destroy it without a question")
    answer = click.prompt(f"This removes everything in {stack}. Type its name to go on", err=True)
    if answer != stack:
        raise BadInputError(f"{stack}: the answer was {answer!r}; nothing was removed")
