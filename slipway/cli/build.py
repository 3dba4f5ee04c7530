"""`slipway build`: the packages of functions, ahead of an update."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import rich.console
import rich.filesize
import rich.progress

from slipway.artifacts.builder import Builder, collect_all
from slipway.cli.building import sentence
from slipway.cli.options import functions_option, json_option, stack_option
from slipway.cli.tables import print_json, print_table
from slipway.core import validate
from slipway.core.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.artifacts.builder import Built
    from slipway.artifacts.inputs import PackageInputs


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
    """Build the packages of functions that are not in the cache, so that an update finds them there."""
    project = Project.find()
    loaded = validate.load(project, [stack])
    loaded.require_valid()
    inputs = collect_all(project, loaded.deployed(stack, functions).values())
    builder = Builder(project)
    built = _build(builder, inputs, jobs, quiet=as_json)
    for package in built:
        for warning in package.warnings:
            click.echo(f"warning: {package.function}: {warning}", err=True)
    if as_json:
        print_json([_to_json(package) for package in built])
    else:
        print_table(("function", "digest", "size", "", "seconds"), [_row(package) for package in built])
    if prune_days is not None:
        _prune(builder, prune_days)


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


def _prune(builder: Builder, unused_days: float) -> None:
    for what, store in (("packages", builder.packages), ("dependency bundles", builder.bundles)):
        count, size = store.prune(max_age_days=unused_days)
        click.echo(f"removed {count} {what}, {rich.filesize.decimal(size)}", err=True)
