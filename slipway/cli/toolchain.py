"""`slipway toolchain`: install the engine, its plugins and the cluster's parts, say where they are."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slipway.cli.options import json_option
from slipway.cli.tables import print_json
from slipway.core.errors import BadInputError, EngineError
from slipway.core.paths import cache_dir
from slipway.core.project import Project
from toolchain import cluster_parts, launcher
from toolchain import record as records
from toolchain.errors import PrerequisitesMissingError, ToolchainError
from toolchain.installer import Installation, Installer, installation_record
from toolchain.progress import Reporter
from toolchain.purposes import Purpose, optional, placed_parts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def install_for(purpose: Purpose) -> Installation:
    """Make present what a purpose needs, except the cluster's own parts; when all of it is, this only looks.

    Raises:
        BadInputError: The machine lacks what is needed to get a part.
        EngineError: A part cannot be had.
    """
    environment, project = Path(sys.prefix), Project.find().root
    with _errors_named():
        installation = Installer(
            cache_root=cache_dir(),
            environment=environment,
            project=project,
            env=os.environ,
            reporter=Reporter(),
            parts=placed_parts(),
            optional=optional(purpose),
        ).install()
        if purpose is Purpose.CONTAINERFILE:
            buildah = cluster_binaries(only=["buildah"])["buildah"]
            launcher.write_command(environment / "bin" / "buildah", buildah, project, purpose)
    return installation


def cluster_binaries(only: Collection[str] = ()) -> dict[str, Path]:
    """Make present what the embedded cluster runs; see `toolchain.cluster_parts.binaries`.

    Args:
        only: Names of those that are wanted; all when empty.

    Raises:
        BadInputError: The machine lacks what is needed to get a part.
        EngineError: A part cannot be had.
    """
    with _errors_named():
        return cluster_parts.binaries(cache_dir(), os.environ, Reporter(), only)


@contextmanager
def _errors_named() -> Iterator[None]:
    try:
        yield
    except PrerequisitesMissingError as error:
        raise BadInputError(str(error)) from error
    except ToolchainError as error:
        raise EngineError(str(error)) from error


@click.group(name="toolchain")
def command() -> None:
    """Install the Pulumi engine, its Python language host, providers and what the embedded cluster runs.

    Each comes from PATH if a compatible one is there, else from the official download, else from a build of pinned Go
    modules. SLIPWAY_TOOLCHAIN=path,download,build narrows that order.
    """


@command.command()
@click.option(
    "--for",
    "purpose",
    type=click.Choice([purpose.value for purpose in Purpose]),
    default=Purpose.LOCAL.value,
    show_default=True,
    help="local: the AWS provider. knative: the Kubernetes provider and crane. containerfile: these, and buildah. "
    "cluster: these, and the embedded cluster's parts. yaml: what knative needs, and the host of Pulumi YAML.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when nothing changed.")
@json_option
def install(purpose: str, quiet: bool, as_json: bool) -> None:
    """Make present what a purpose needs, and write `pulumi` into the virtual environment."""
    installation = install_for(Purpose(purpose))
    record = installation_record(installation)
    if purpose == Purpose.CLUSTER:
        record["cluster"] = {name: str(path) for name, path in cluster_binaries().items()}
    if as_json:
        print_json(record)
    elif installation.changed or not quiet:
        for part in record["parts"]:
            click.echo(f"{part['title']} {part['version']}: {part['source']}, {part['reason']}")
        for found in cluster_parts.inspect(cache_dir(), os.environ) if "cluster" in record else ():
            click.echo(f"{found.title} {found.version}: {found.source}, {found.reason}")


@command.command()
@json_option
def path(as_json: bool) -> None:
    """Print the path of the `pulumi` command, or with --json of every part."""
    record = records.read(Path(sys.prefix))
    if record is None:
        raise BadInputError(f"{sys.prefix}: the toolchain is not installed there; run `make setup`")
    if as_json:
        print_json(record)
    else:
        click.echo(record["launcher"])
