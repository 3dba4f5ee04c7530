"""`slipway doctor`: what was found where, and what is missing."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path

import click

from slipway.cli.local import config_of
from slipway.cli.options import json_option
from slipway.cli.tables import print_json, print_table
from slipway.core.errors import BadInputError
from slipway.core.paths import cache_dir
from slipway.core.project import Project
from toolchain import report
from toolchain.embedded_aws import lifecycle
from toolchain.embedded_aws.errors import EmbeddedAwsError
from toolchain.errors import ToolchainError

_DIGEST_SHOWN = 12


@click.command()
@json_option
def command(as_json: bool) -> None:
    """Say what was found where, which version, and what is missing; changes nothing.

    Exit status: 0 all is well, 1 something deserves attention or could not be checked, 2 something is missing.
    """
    try:
        rows = [*report.inspect(cache_dir(), Path(sys.prefix), os.environ), _embedded_aws()]
    except ToolchainError as error:
        raise BadInputError(str(error)) from error
    if as_json:
        print_json([dataclasses.asdict(row) for row in rows])
    else:
        print_table(
            ["what", "state", "version", "source", "sha256", "where", "notes"],
            [
                (row.name, row.state, row.version, row.source, row.digest[:_DIGEST_SHOWN], row.path, row.message)
                for row in rows
            ],
        )
        for row in rows:
            if row.remedy:
                click.echo(f"{row.name} ({row.state}): {row.remedy}")
    states = {row.state for row in rows}
    if report.State.MISSING in states:
        sys.exit(2)
    if states != {report.State.OK}:
        sys.exit(1)


def _embedded_aws() -> report.Row:
    name = "embedded AWS"
    try:
        status = lifecycle.status(config_of(Project.find()))
    except (BadInputError, EmbeddedAwsError, OSError) as error:
        return report.Row(name, report.State.NOT_CHECKED, message=str(error))
    if not status.running:
        return report.Row(name, report.State.OK, message="not running; `make up` starts it")
    return report.Row(name, report.State.OK, path=status.api_url, message=f"running, process {status.pid}")
