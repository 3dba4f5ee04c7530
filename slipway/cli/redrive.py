"""`slipway redrive`: sends dead letters again."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from slipway.cli.options import functions_option, json_option, stack_option
from slipway.cli.runners import chosen, runner_of
from slipway.cli.session import Session
from slipway.cli.tables import print_json, print_table
from slipway.core.errors import EngineError, SlipwayError
from slipway.running.inventory import find
from slipway.running.runner import Redriven

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHOWN = 5


@click.command()
@stack_option
@functions_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Send at most N letters of each function.")
@json_option
def command(stack: str, functions: Sequence[str], limit: int | None, as_json: bool) -> None:
    """Send the dead letters of functions again: events and messages that no retry could deliver.

    A letter is deleted only after it was taken; the others stay. Exit status: 0 all that were sent were taken, 3 some
    were not.
    """
    session = Session.open(stack)
    outputs = session.deployed()
    deployed: Mapping[str, Any] = outputs.get("functions") or {}
    chosen(session, deployed, functions)
    done: dict[str, Redriven] = {}
    for name in sorted(set(functions) or deployed):
        runner = runner_of(session, find(outputs, name, stack))
        try:
            done[name] = runner.redrive(name, limit)
        except SlipwayError as error:
            # One function's trouble does not keep the letters of the others.
            done[name] = Redriven(sent=0, stopped=str(error))
    if as_json:
        print_json({"functions": {name: dataclasses.asdict(result) for name, result in done.items()}})
    else:
        _print(done)
    unwell = [name for name, result in done.items() if result.failed or result.stopped]
    if unwell:
        raise EngineError(
            f"{len(unwell)} of {len(done)} functions did not take all of their letters: {', '.join(unwell)}; what to "
            f"do: `slipway logs NAME -s {stack}` shows what one logged; the letters that were not taken are kept"
        )


def _print(done: Mapping[str, Redriven]) -> None:
    rows = [
        (name, result.sent, len(result.failed), "unknown" if result.left is None else result.left)
        for name, result in done.items()
    ]
    print_table(("function", "sent", "not taken", "left"), rows)
    for name, result in done.items():
        for letter, reason in result.failed[:_SHOWN]:
            click.echo(f"{name}: {letter}: {reason}", err=True)
        if len(result.failed) > _SHOWN:
            click.echo(f"{name}: ... and {len(result.failed) - _SHOWN} more", err=True)
        if result.stopped is not None:
            click.echo(f"{name}: stopped: {result.stopped}", err=True)
