"""`slipway sbom`: the bill of materials of a function's package or image, as it travels."""

from __future__ import annotations

import tarfile
import zipfile
from typing import TYPE_CHECKING

import click

from slipway.artifacts.builder import Builder, collect_all
from slipway.artifacts.images.builder import APP
from slipway.artifacts.images.environment import EnvironmentImages, runs_as_image
from slipway.artifacts.images.oci import read_layout
from slipway.artifacts.inputs import SBOM
from slipway.cli.options import stack_option
from slipway.core import validate
from slipway.core.errors import BadInputError
from slipway.core.project import Project

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("name")
@stack_option
def command(name: str, stack: str) -> None:
    """Print what is in the package or image of function NAME: CycloneDX 1.6 in JSON, as it lies in there.

    Builds it if it is not in the cache.
    """
    project = Project.find()
    loaded = validate.load(project, [stack])
    loaded.require_valid()
    settings = loaded.settings[stack]
    wanted = loaded.deployed(stack, (name,))
    if wanted[name].manifest.runtime == "container":
        raise BadInputError(
            f"{name}: not known: it is a container, and what its image brings is not Slipway's; what to do: have a "
            "scanner read its image"
        )
    inputs = collect_all(project, wanted.values())
    if not runs_as_image(wanted[name], settings):
        with zipfile.ZipFile(Builder(project).build(inputs[name]).package.path) as archive:
            content = archive.read(SBOM)
    else:
        layout = EnvironmentImages(project, settings).build_all(wanted, inputs)[name].layout
        assert layout is not None
        content = _in_image(layout)
    click.echo(content, nl=False)


def _in_image(layout: Path) -> bytes:
    """The file in the layer of the function's code, which is the last."""
    with tarfile.open(read_layout(layout).layers[-1].source) as layer:
        file = layer.extractfile(f"{APP.strip('/')}/{SBOM}")
        assert file is not None
        return file.read()
