"""`slipway start`: starts on this machine what an environment needs."""

from __future__ import annotations

import click

from slipway.cli.options import json_option, stack_option
from slipway.cli.preparing import prepare, start_platforms
from slipway.cli.session import Session
from slipway.cli.tables import print_json


@click.command()
@stack_option
@json_option
def command(stack: str, as_json: bool) -> None:
    """Start what an environment needs here: plugins of the engine, embedded cluster, embedded AWS.

    What runs already is left alone; a cluster of which not all works is mended. An environment on a cluster or an AWS
    account of its own needs the plugins alone.
    """
    session = Session.open(stack)
    prepare(session)
    platforms = start_platforms(session)
    if as_json:
        print_json({"platforms": platforms})
        return
    for name, how in platforms.items():
        click.echo(f"{name}: {how}")
    if not platforms:
        click.echo(f"{stack}: nothing to start on this machine")
