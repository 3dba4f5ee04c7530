"""`slipway promote`: gives candidates all calls."""

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
@wait_option
@json_option
def command(stack: str, functions: Sequence[str], wait_s: float, as_json: bool) -> None:
    """Give the candidates of functions all calls. Nothing is built or deployed: only pointers move.

    Without --function, all that have a candidate.
    """

    def decide(release: Release) -> Move | None:
        wanted = moves.promote(release)
        if wanted is None and functions:
            raise BadInputError(f"{release.function}: has no candidate; all calls go to {release.stable} already")
        return wanted

    done = pointing.run(Session.open(stack), "promote", functions, decide, wait_s=wait_s, quiet=as_json)
    pointing.print_moved(done, "promoted", f"{stack}: no function has a candidate", as_json=as_json)
