"""`slipway build`: the packages and images of functions, ahead of an update."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import rich.console
import rich.filesize
import rich.progress

from slipway.artifacts.builder import Builder, collect_all
from slipway.artifacts.images.environment import EnvironmentImages, needs_dead_letters, runs_as_image
from slipway.cli.building import image_sentence, sentence
from slipway.cli.options import functions_option, json_option, stack_option
from slipway.cli.tables import print_json, print_table
from slipway.core import validate
from slipway.core.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from slipway.artifacts.builder import Built
    from slipway.artifacts.images.environment import Image
    from slipway.artifacts.inputs import PackageInputs
    from slipway.core.loaded import LoadedFunction
    from slipway.core.settings import Settings


@click.command()
@stack_option
@functions_option
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="Packages at a time; default: processors.")
@click.option(
    "--prune",
    "prune_days",
    type=click.FloatRange(min=0),
    is_flag=False,
    flag_value=30,
    metavar="[DAYS]",
    help="Then remove what was not used for so long from the cache; 30 days without a number.",
)
@json_option
def command(stack: str, functions: tuple[str, ...], jobs: int | None, prune_days: float | None, as_json: bool) -> None:
    """Build the packages and images of functions that are not in the cache, so that an update finds them there."""
    project = Project.find()
    loaded = validate.load(project, [stack])
    loaded.require_valid()
    settings = loaded.settings[stack]
    wanted = loaded.deployed(stack, functions)
    inputs = collect_all(project, wanted.values())
    images = EnvironmentImages(project, settings)
    packages = {name: found for name, found in inputs.items() if not runs_as_image(wanted[name], settings)}
    builder = Builder(project)
    built = _build(builder, packages, jobs, quiet=as_json)
    made = _images(images, wanted, inputs, settings, quiet=as_json)
    for package in built:
        for warning in package.warnings:
            click.echo(f"warning: {package.function}: {warning}", err=True)
    if as_json:
        print_json([*map(_to_json, built), *map(_image_to_json, made)])
    else:
        rows = [*map(_row, built), *map(_image_row, made)]
        print_table(("function", "kind", "digest", "size", "", "seconds"), rows)
    if prune_days is not None:
        _prune(builder, images, prune_days)


def _build(builder: Builder, inputs: Mapping[str, PackageInputs], jobs: int | None, *, quiet: bool) -> list[Built]:
    if quiet or not sys.stderr.isatty():

        def say(package: Built) -> None:
            if package.built and not quiet:
                click.echo(sentence(package), err=True)

        return builder.build_all(inputs.values(), done=say, jobs=jobs)
    console = rich.console.Console(stderr=True)
    with rich.progress.Progress(console=console, transient=True) as progress:
        task = progress.add_task("packages", total=len(inputs))
        return builder.build_all(inputs.values(), done=lambda _: progress.advance(task), jobs=jobs)


def _row(package: Built) -> tuple[str, ...]:
    return (
        package.function,
        "package",
        package.package.digest[:12],
        rich.filesize.decimal(package.package.size),
        "built" if package.built else "cached",
        f"{package.seconds:.2f}",
    )


def _to_json(package: Built) -> dict[str, object]:
    return {
        "function": package.function,
        "digest": package.package.digest,
        "path": str(package.package.path),
        "sha256": package.package.sha256,
        "size": package.package.size,
        "unzipped": package.unzipped,
        "built": package.built,
        "seconds": round(package.seconds, 3),
        "warnings": package.warnings,
    }


def _images(
    images: EnvironmentImages,
    functions: Mapping[str, LoadedFunction],
    inputs: Mapping[str, PackageInputs],
    settings: Settings,
    *,
    quiet: bool,
) -> list[Image]:
    def say(image: Image) -> None:
        if image.built and not quiet:
            click.echo(image_sentence(image), err=True)

    found = list(images.build_all(functions, inputs, done=say).values())
    if needs_dead_letters(functions.values(), settings):
        found.append(images.dead_letters)
        say(found[-1])
    return found


def _image_row(image: Image) -> tuple[str, ...]:
    if image.layout is None:
        return (image.function, "image", image.digest[:12], "", "given", "")
    size = rich.filesize.decimal(_size(image.layout))
    state = "built" if image.built else "cached"
    return (image.function, "image", image.digest[:12], size, state, f"{image.seconds:.2f}")


def _image_to_json(image: Image) -> dict[str, object]:
    return {
        "function": image.function,
        "image": image.reference,
        "path": str(image.layout) if image.layout else None,
        "size": _size(image.layout) if image.layout else None,
        "built": image.built,
        "seconds": round(image.seconds, 3),
    }


def _size(layout: Path) -> int:
    return sum(path.stat().st_size for path in layout.glob("blobs/sha256/*"))


def _prune(builder: Builder, images: EnvironmentImages, unused_days: float) -> None:
    stores = {"packages": builder.packages, "dependency bundles": builder.bundles, **images.stores}
    for what, store in stores.items():
        count, size = store.prune(max_age_days=unused_days)
        click.echo(f"removed {count} {what}, {rich.filesize.decimal(size)}", err=True)
