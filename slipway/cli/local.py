"""`slipway local`: starts, inspects and stops the embedded AWS of this checkout."""

from __future__ import annotations

import dataclasses
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from slipway.cli.options import json_option
from slipway.core import paths
from slipway.core.environments import load_environment
from slipway.core.errors import EngineError
from slipway.core.project import Project
from toolchain.embedded_aws import lifecycle
from toolchain.embedded_aws.config import Config
from toolchain.embedded_aws.errors import EmbeddedAwsError

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = "local"
"""The environment that the embedded AWS serves."""


def config_of(project: Project) -> Config:
    """Settings of the embedded AWS of a checkout, from `stacks/Pulumi.local.yaml` as far as that can be read."""
    defaults = Config(state=project.local_state / "local", cache=paths.cache_dir())
    if not project.stack_file(ENVIRONMENT).is_file():
        return defaults
    loaded = load_environment(project, ENVIRONMENT).environment
    aws = loaded.settings.aws if loaded else None
    if aws is None or aws.endpoint is None:
        return defaults
    api = urlsplit(str(aws.endpoint))
    entry = urlsplit(str(aws.http_entry or ""))
    return dataclasses.replace(
        defaults,
        host=api.hostname or defaults.host,
        api_port=api.port or defaults.api_port,
        entry_port=entry.port or defaults.entry_port,
        region=aws.region,
        account=aws.account,
        access_key=aws.access_key or defaults.access_key,
        secret_key=aws.secret_key or defaults.secret_key,
    )


@contextmanager
def embedded_errors() -> Iterator[None]:
    """Turn refusals of the embedded AWS into errors of the command line."""
    try:
        yield
    except EmbeddedAwsError as error:
        raise EngineError(str(error)) from error


@click.group()
def command() -> None:
    """Start, inspect and stop the embedded AWS."""


@command.command()
@json_option
def start(as_json: bool) -> None:
    """Start the embedded AWS in the background, if it does not run, and wait until it answers."""
    with embedded_errors():
        status = lifecycle.start(config_of(Project.find()))
    _show(status, "started" if status.started else "running already", as_json=as_json)


@command.command()
@json_option
def status(as_json: bool) -> None:
    """Say whether the embedded AWS runs; exit status 1 when it does not."""
    found = lifecycle.status(config_of(Project.find()))
    _show(found, "running" if found.running else "not running", as_json=as_json)
    if not found.running:
        raise click.exceptions.Exit(1)


@command.command()
@json_option
def stop(as_json: bool) -> None:
    """Stop the embedded AWS and everything that runs in it."""
    config = config_of(Project.find())
    with embedded_errors():
        stopped = lifecycle.stop(config)
    _show(lifecycle.status(config), "stopped" if stopped else "did not run", as_json=as_json)


def _show(status: lifecycle.Status, word: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(status.to_json(), indent=2))
        return
    click.echo(f"embedded AWS: {word}")
    if status.running:
        click.echo(f"  API         {status.api_url}")
        click.echo(f"  HTTP entry  {status.entry_url}")
        click.echo(f"  instance    {status.instance}")
        click.echo(f"  process     {status.pid}, log in {status.log}")
