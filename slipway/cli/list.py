"""`slipway list`: the functions of an environment."""

from __future__ import annotations

import dataclasses
import itertools

import click

from slipway.cli.options import json_option, stack_option
from slipway.cli.runners import targets_of
from slipway.cli.session import Session
from slipway.cli.tables import print_json, print_table
from slipway.core.errors import SlipwayError
from slipway.core.sinks import sinks_of
from slipway.engine import operations
from slipway.running import inventory

_COLUMNS = (
    *("name", "target", "owner", "url", "version", "canary", "memory", "dead letters", "sinks", "last change"),
    "status",
)


@click.command("list")
@stack_option
@json_option
def command(stack: str, as_json: bool) -> None:
    """List the functions with target, address, version, canary, dead letters, sinks, last change and status."""
    session = Session.open(stack)
    state = operations.export(session.project, stack)
    found = [
        dataclasses.replace(entry, sinks=_sinks(session, entry.name))
        for entry in _checked(session, inventory.entries(operations.outputs_of(state)))
    ]
    # What was never deployed is said, too.
    missing = sorted(set(session.functions) - {entry.name for entry in found})
    if as_json:
        print_json({"functions": [entry.to_json() for entry in found], "notDeployed": missing})
        return
    print_table(_COLUMNS, [*map(_row, found), *(_absent(session, name) for name in missing)])
    for reason in sorted({entry.reason for entry in found if entry.reason}):
        click.echo(f"warning: {stack}: not checked: {reason}", err=True)


def _checked(session: Session, found: list[inventory.Entry]) -> list[inventory.Entry]:
    """The entries as their targets see them; a target that cannot be asked does not hide the other."""
    targets = targets_of(session)
    checked: list[inventory.Entry] = []
    for target, group in itertools.groupby(sorted(found, key=lambda entry: entry.target), lambda entry: entry.target):
        entries = list(group)
        try:
            checked += targets.runner(target).check(entries)
        except SlipwayError as error:
            checked += [dataclasses.replace(entry, reason=str(error)) for entry in entries]
    return sorted(checked, key=lambda entry: entry.name)


def _sinks(session: Session, name: str) -> tuple[str, ...]:
    """Sinks that its logs go to, as the project says."""
    function = session.functions.get(name)
    return tuple(sinks_of(function, session.settings)) if function else ()


def _row(entry: inventory.Entry) -> tuple[object, ...]:
    """Cells of a deployed function; the last change to the second."""
    known = entry.status not in {inventory.MISSING, inventory.NOT_CHECKED}
    letters = inventory.NOT_CHECKED if known and entry.dead_letters is None else entry.dead_letters
    memory = entry.memory_mb and f"{entry.memory_mb} MB"
    changed = entry.last_change and entry.last_change[:19].replace("T", " ")
    about = (entry.name, entry.target, entry.owner, entry.url, entry.version, entry.canary)
    return (*about, memory, letters, ", ".join(entry.sinks), changed, entry.status)


def _absent(session: Session, name: str) -> tuple[object, ...]:
    """Cells of a function that is not deployed."""
    function = session.functions[name]
    owner, memory = function.manifest.owner, f"{function.manifest.memory} MB"
    target = function.target_in(session.settings)
    sinks = ", ".join(_sinks(session, name))
    return (name, target, owner, None, None, None, memory, None, sinks, None, "not deployed")
