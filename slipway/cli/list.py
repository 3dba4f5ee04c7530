"""`slipway list`: the functions of an environment."""

from __future__ import annotations

import dataclasses

import click

from slipway.aws import inventory
from slipway.cli.options import json_option, stack_option
from slipway.cli.session import Session
from slipway.cli.tables import print_json, print_table
from slipway.engine import operations


@click.command("list")
@stack_option
@json_option
def command(stack: str, as_json: bool) -> None:
    """List the deployed functions with target, owner, address, version, memory, last change and status."""
    session = Session.open(stack)
    state = operations.export(session.project, stack)
    found = inventory.check(
        session.aws, inventory.entries(operations.outputs_of(state), operations.resources_of(state))
    )
    # What was never deployed is said, too.
    missing = sorted(set(session.functions) - {entry.name for entry in found})
    if as_json:
        print_json({"functions": [entry.to_json() for entry in found], "notDeployed": missing})
        return
    print_table(
        ("name", "target", "owner", "url", "version", "memory", "last change", "status"),
        [
            (e.name, e.target, e.owner, e.url, e.version, e.memory_mb and f"{e.memory_mb} MB", e.last_change, e.status)
            for e in map(_short, found)
        ]
        + [
            (
                name,
                "-",
                session.functions[name].manifest.owner,
                None,
                None,
                f"{session.functions[name].manifest.memory} MB",
                None,
                "not deployed",
            )
            for name in missing
        ],
    )
    for reason in sorted({entry.reason for entry in found if entry.reason}):
        click.echo(f"warning: {stack}: not checked: {reason}", err=True)


def _short(entry: inventory.Entry) -> inventory.Entry:
    """The entry with a last change to the second."""
    changed = entry.last_change
    return entry if changed is None else dataclasses.replace(entry, last_change=changed[:19].replace("T", " "))
