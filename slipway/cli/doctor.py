"""`slipway doctor`: what was found where, and what is missing."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path

import click

from slipway.cli import cluster
from slipway.cli.local import config_of
from slipway.cli.options import json_option
from slipway.cli.tables import print_json, print_table
from slipway.core.environments import load_environment
from slipway.core.errors import BadInputError
from slipway.core.paths import cache_dir
from slipway.core.project import Project
from toolchain import report
from toolchain.embedded_aws import lifecycle
from toolchain.embedded_aws.errors import EmbeddedAwsError
from toolchain.embedded_cluster import lifecycle as clusters
from toolchain.embedded_cluster.context import State
from toolchain.embedded_cluster.errors import EmbeddedClusterError
from toolchain.errors import ToolchainError

_DIGEST_SHOWN = 12


@click.command()
@json_option
def command(as_json: bool) -> None:
    """Say what was found where, which version, and what is missing; changes nothing.

    Exit status: 0 all is well, 1 something deserves attention or could not be checked, 2 something is missing.
    """
    try:
        rows = [*report.inspect(cache_dir(), Path(sys.prefix), os.environ), _embedded_aws(), _embedded_cluster()]
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


def _embedded_cluster() -> report.Row:
    name = "embedded cluster"
    try:
        project = Project.find()
        known = project.stack_file(cluster.ENVIRONMENT).is_file()
        environment = load_environment(project, cluster.ENVIRONMENT).environment if known else None
        status = clusters.status(cluster.config_of(project, environment.settings if environment else None))
    except (BadInputError, EmbeddedClusterError, OSError) as error:
        return report.Row(name, report.State.NOT_CHECKED, message=str(error))
    if not status.running:
        return report.Row(name, report.State.OK, message="not running; `slipway cluster up` starts it")
    if not status.healthy:
        ill = ", ".join(part.name for part in status.parts if part.state is not State.OK)
        message = f"running, but not well: {ill}"
        return report.Row(name, report.State.WARNING, path=status.api_url, message=message, remedy="slipway cluster up")
    return report.Row(name, report.State.OK, path=status.api_url, message="running, all parts are well")
