"""`slipway affected`: which functions a change touches, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slipway.changes.affected import affected
from slipway.cli.options import environment_name, json_option
from slipway.cli.tables import print_json, print_table
from slipway.core.loaded import count
from slipway.core.project import Project

if TYPE_CHECKING:
    from slipway.changes.affected import Affected


@click.command()
@click.option(
    "--base",
    metavar="REV",
    help="What to compare with; default: what GitLab CI names, else where the branch left the default branch.",
)
@click.option(
    "-s",
    "--stack",
    metavar="NAME",
    callback=environment_name,
    help="Only this environment: stacks/Pulumi.NAME.yaml; default: all.",
)
@click.option(
    "--explain", is_flag=True, help="Also tell what is unchanged, which base was taken and what was left out."
)
@json_option
def command(base: str | None, stack: str | None, *, explain: bool, as_json: bool) -> None:
    """Tell which functions differ between a commit and the files as they are now, and why.

    Compares what would be deployed: code with all that goes into a package, function.yaml, settings of environments.
    Builds nothing and asks no target.
    """
    found = affected(Project.find(), base=base, environment=stack)
    if as_json:
        print_json({"functions": found.functions, "all": found.all})
        if explain:
            click.echo(_about_base(found), err=True)
        return
    _print(found, explain=explain)


def _print(found: Affected, *, explain: bool) -> None:
    if explain:
        click.echo(_about_base(found))
    rows = [(name, "affected", reason) for name, reasons in found.functions.items() for reason in reasons]
    if explain:
        rows = sorted([*rows, *((name, "unchanged", "") for name in found.unchanged)], key=lambda row: row[0])
    if rows:
        print_table(("function", "verdict", "reason"), rows)
    total = len(found.functions) + len(found.unchanged)
    click.echo(f"{len(found.functions)} of {count(total, 'function')} affected")
    if explain:
        for path in found.idle:
            click.echo(f"matters to no function: {path}")


def _about_base(found: Affected) -> str:
    if found.base.commit is None:
        return f"no base: {found.base.why}"
    branched = "; the last commit does not stand on it, so contents are compared" if found.rewritten else ""
    return f"base {found.base.short}: {found.base.why}{branched}"
