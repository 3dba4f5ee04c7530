"""`slipway audit`: what is known against the dependencies of functions."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import click

from slipway.artifacts.audit import audit_all
from slipway.artifacts.locking import targets
from slipway.cli.options import json_option
from slipway.cli.tables import print_json, print_table
from slipway.core.errors import FindingsError
from slipway.core.project import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.artifacts.audit import Audit


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--strict", is_flag=True, help="Exit with status 1 also where something was not checked.")
@json_option
def command(names: tuple[str, ...], strict: bool, as_json: bool) -> None:
    """Ask a database of known vulnerabilities about the lock files of functions, runtime and server, by pip-audit.

    Ends with status 1 where one is known. What could not be asked about is told as not checked.
    """
    project = Project.find()
    audits = audit_all(project, targets(project, names))
    if as_json:
        print_json([_to_json(project, one) for one in audits])
    else:
        _print(project, audits)
    known = [one.target.name for one in audits if one.found]
    unchecked = [one.target.name for one in audits if one.unchecked]
    if known:
        raise FindingsError(
            f"known vulnerabilities: {', '.join(known)}; what to do: `slipway lock NAME --upgrade`, or raise what "
            "requirements.in asks for"
        )
    if strict and unchecked:
        raise FindingsError(f"not checked, or not all: {', '.join(unchecked)}")


def _print(project: Project, audits: Sequence[Audit]) -> None:
    rows = [(one.target.name, project.relative(one.target.lock), str(len(one.checked)), _state(one)) for one in audits]
    print_table(("name", "lock file", "checked", "result"), rows)
    for one in audits:
        for vulnerability in one.found:
            click.echo(f"{one.target.name}: {vulnerability.render()}")
        reasons: dict[str, list[str]] = collections.defaultdict(list)
        for name, reason in one.unchecked.items():
            # A reason that names the distribution differs for each of them, and says the same.
            reasons[reason.partition(": ")[0] if name in reason else reason].append(name)
        for reason, unchecked in reasons.items():
            who = "all of it" if len(unchecked) == len(one.unchecked) and not one.checked else ", ".join(unchecked)
            click.echo(f"{one.target.name}: not checked: {who}: {reason}")


def _state(one: Audit) -> str:
    if one.found:
        return f"{len(one.found)} known"
    if not one.checked:
        return "not checked"
    return f"nothing known, {len(one.unchecked)} not checked" if one.unchecked else "nothing known"


def _to_json(project: Project, one: Audit) -> dict[str, object]:
    return {
        "name": one.target.name,
        "lock": project.relative(one.target.lock),
        "checked": sorted(one.checked),
        "unchecked": dict(one.unchecked),
        "vulnerabilities": [
            {
                "name": known.name,
                "version": known.version,
                "id": known.id,
                "aliases": list(known.aliases),
                "fixed": list(known.fixed),
            }
            for known in one.found
        ],
    }
