"""`slipway stop`: stops what `slipway start` started."""

from __future__ import annotations

import click

from slipway.cli import local
from slipway.cli.options import json_option
from slipway.cli.tables import print_json
from slipway.core.project import Project
from toolchain.embedded_aws import lifecycle


@click.command()
@json_option
def command(as_json: bool) -> None:
    """Stop the embedded AWS and the embedded cluster of this checkout; what is deployed there is kept."""
    project = Project.find()
    with local.embedded_errors():
        done = {"embedded AWS": "stopped" if lifecycle.stop(local.config_of(project)) else "did not run"}
    if project.cluster.exists():  # only root can have made it, and only root can end it
        from slipway.cli import cluster  # noqa: PLC0415 - most checkouts have none
        from toolchain.embedded_cluster import lifecycle as clusters  # noqa: PLC0415

        with cluster.embedded_errors():
            ended = clusters.down(cluster.config_of(project, None))
        done["embedded cluster"] = "stopped" if ended else "did not run"
    if as_json:
        print_json({"platforms": done})
        return
    for name, how in done.items():
        click.echo(f"{name}: {how}")
