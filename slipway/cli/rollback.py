"""`slipway rollback`: gives all calls to a version that ran before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slipway.cli import pointing
from slipway.cli.options import functions_option, json_option, stack_option
from slipway.cli.session import Session, wait_option
from slipway.core.errors import BadInputError
from slipway.rollout import moves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.running.releases import Move, Release


@click.command()
@stack_option
@functions_option
@click.option("--to", "to", metavar="VERSION", help="The version that gets all calls; default: the one before.")
@wait_option
@json_option
def command(stack: str, functions: Sequence[str], to: str | None, wait_s: float, as_json: bool) -> None:
    """Give all calls to a version that ran before. Nothing is built or deployed: only pointers move.

    While there is a candidate, the version before is the one that has the other calls. Without --function, all
    candidates are turned away.
    """
    if to is not None and len(functions) != 1:
        raise BadInputError("--to: names a version of one function; what to do: add -f NAME once")
    session = Session.open(stack)

    def decide(release: Release) -> Move | None:
        return moves.rollback(release, to) if functions or release.candidate is not None else None

    done = pointing.run(session, "rollback", functions, decide, wait_s=wait_s, quiet=as_json)
    nothing = f"{stack}: no function has a candidate; what to do: name one with -f to roll it back"
    pointing.print_moved(done, "rolledBack", nothing, as_json=as_json)
    for one in done:
        name = one.release.function
        function = session.functions.get(name)
        if function is None or function.manifest.rollout is None:
            click.echo(
                f"note: {name} has no rollout: the next `slipway up -s {stack}` moves it forward again, unless its "
                "code is reverted before",
                err=True,
            )
