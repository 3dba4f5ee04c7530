"""`slipway lock`: exact versions with hashes, for functions and the runtime."""

from __future__ import annotations

import click

from slipway.artifacts.locking import Locking, lock_all, targets
from slipway.cli.options import json_option
from slipway.cli.tables import print_json, print_table
from slipway.core.errors import FindingsError
from slipway.core.project import Project


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--upgrade", is_flag=True, help="Take the newest versions that fit.")
@click.option("--check", is_flag=True, help="Write nothing; exit with status 1 if a lock file is out of date.")
@json_option
def command(names: tuple[str, ...], upgrade: bool, check: bool, as_json: bool) -> None:
    """Lock the dependencies of functions, with hashes: requirements.in to requirements.txt.

    Without NAME: those of all functions, and of the runtime.
    """
    project = Project.find()

    def say(result: Locking) -> None:
        if not as_json:
            click.echo(f"resolved {result.target.name}", err=True)

    results = lock_all(project, targets(project, names), upgrade=upgrade, write=not check, done=say)
    rows = [(r.target.name, project.relative(r.target.lock), _word(r, check=check)) for r in results]
    if as_json:
        print_json([dict(zip(("name", "lock", "state"), row, strict=True)) for row in rows])
    else:
        print_table(("name", "lock file", "state"), rows)
    stale = [r.target.name for r in results if r.changed]
    if check and stale:
        raise FindingsError(f"out of date: {', '.join(stale)}; run `slipway lock`")


def _word(result: Locking, *, check: bool) -> str:
    if not result.changed:
        return "up to date"
    return "out of date" if check else "written"
