"""`slipway cluster`: starts, inspects and ends the embedded cluster, or looks at the one that an environment names."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from slipway.cli.options import environment_name, json_option
from slipway.cli.tables import print_json, print_table
from slipway.core import paths
from slipway.core.environments import load_environment
from slipway.core.errors import BadInputError, EngineError
from slipway.core.project import Project
from toolchain.embedded_cluster import lifecycle, logs
from toolchain.embedded_cluster.config import Config
from toolchain.embedded_cluster.errors import EmbeddedClusterError, UnsuitableMachineError
from toolchain.progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from slipway.core.settings import Settings

ENVIRONMENT = "local-knative"
"""The environment whose cluster is meant when none is named."""
_SHOWN = 50


def config_of(project: Project, settings: Settings | None) -> Config:
    """Where the embedded cluster of a checkout is and listens.

    Args:
        project: The checkout.
        settings: Settings of an environment that is on it; None for the default ports.
    """
    config = Config(state=project.cluster, cache=paths.cache_dir())
    cluster = settings.knative.cluster if settings is not None and settings.knative is not None else None
    if cluster is None:
        return config
    return dataclasses.replace(
        config,
        api_port=cluster.api_port,
        http_port=cluster.http_port,
        registry_port=cluster.registry_port,
        loki_port=cluster.loki_port,
    )


def bring_up(project: Project, settings: Settings | None) -> lifecycle.Status:
    """Start the embedded cluster, or mend it, and wait until all of it is ready; its parts are installed first.

    Raises:
        BadInputError: This machine cannot run it.
        EngineError: It does not start; the message names the part.
    """
    from slipway.cli.toolchain import cluster_binaries  # noqa: PLC0415 - the other commands install nothing

    with embedded_errors():
        lifecycle.require_machine()
        config = dataclasses.replace(config_of(project, settings), binaries=cluster_binaries())
        return lifecycle.up(config, Reporter())


@contextmanager
def embedded_errors() -> Iterator[None]:
    """Turn refusals of the embedded cluster into errors of the command line."""
    try:
        yield
    except UnsuitableMachineError as error:
        raise BadInputError(str(error)) from error
    except EmbeddedClusterError as error:
        raise EngineError(str(error)) from error


def _stack_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "-s",
        "--stack",
        metavar="NAME",
        envvar="SLIPWAY_STACK",
        callback=environment_name,
        help=f"The environment whose cluster is meant: stacks/Pulumi.NAME.yaml.  [default: {ENVIRONMENT}]",
    )(function)


@click.group()
def command() -> None:
    """Start, inspect and end the embedded cluster: a one-node Kubernetes with Knative. Needs root on Linux.

    Where an environment names another cluster (slipway:kubeContext), nothing is started; its Knative is checked.
    """


@command.command()
@_stack_option
@json_option
def up(stack: str | None, as_json: bool) -> None:
    """Start the cluster, or mend it, and wait until all of it is ready."""
    project = Project.find()
    settings = _settings(project, stack)
    if _is_elsewhere(settings):
        _look_elsewhere(settings, as_json=as_json)
        return
    found = bring_up(project, settings)
    _show(found, "started" if found.started else "runs", as_json=as_json)
    if not found.healthy:
        raise click.exceptions.Exit(EngineError.exit_status)


@command.command()
@_stack_option
@json_option
def status(stack: str | None, as_json: bool) -> None:
    """Say what runs and how well; exit status 1 when not all of it does."""
    project = Project.find()
    settings = _settings(project, stack)
    if _is_elsewhere(settings):
        _look_elsewhere(settings, as_json=as_json)
        return
    found = lifecycle.status(config_of(project, settings))
    word = "not running" if not found.running else "healthy" if found.healthy else "not healthy; `cluster up` mends it"
    _show(found, word, as_json=as_json)
    if not found.healthy:
        raise click.exceptions.Exit(1)


@command.command("logs")
@click.argument("part", required=False)
@_stack_option
@click.option("-f", "--follow", is_flag=True, help="Go on with whatever comes, until interrupted.")
@click.option(
    "--tail", type=click.IntRange(min=0), default=_SHOWN, show_default=True, metavar="N", help="Only the last N lines."
)
def show_logs(part: str | None, stack: str | None, follow: bool, tail: int) -> None:
    """Show the log of PART, or of every process of the node.

    PART is a name from `slipway cluster status`, or some of a pod's name or namespace.
    """
    project = Project.find()
    settings = _settings(project, stack, strict=False)
    _require_embedded(settings)
    files = logs.find(config_of(project, settings).logs, part)
    if not files:
        raise BadInputError(
            f"no log of {part or 'the cluster'} is there; `slipway cluster status` names the parts"
            if part
            else "there are no logs: the cluster was not started yet; `slipway cluster up` starts it"
        )
    logs.show(files, lines=tail, follow=follow)


@command.command()
@click.option("--purge", is_flag=True, help="Remove its data too: what was deployed, images, volumes, logs.")
@_stack_option
@json_option
def down(purge: bool, stack: str | None, as_json: bool) -> None:
    """End the cluster and everything that runs in it; its data stay for the next `up`."""
    project = Project.find()
    settings = _settings(project, stack, strict=False)
    _require_embedded(settings)
    config = config_of(project, settings)
    with embedded_errors():
        ran = lifecycle.down(config, purge=purge)
    data = "its data are removed" if purge else "its data stay"
    _show(lifecycle.status(config), f"{'ended' if ran else 'did not run'}; {data}", as_json=as_json)


def _settings(project: Project, stack: str | None, *, strict: bool = True) -> Settings | None:
    """Settings of the named environment, or of the usual one if this project has it.

    Args:
        project: The project.
        stack: Name of the environment; None for the usual one.
        strict: Whether every mistake in its file matters; the cluster's folder does not depend on it.

    Raises:
        BadInputError: There is no such environment, or its file is wrong.
    """
    name = stack or ENVIRONMENT
    if not project.stack_file(name).is_file():
        if stack is None:
            return None
        raise BadInputError(
            f"there is no environment {name!r}: {project.relative(project.stack_file(name))} is missing"
        )
    loaded = load_environment(project, name)
    if strict and (loaded.environment is None or not loaded.complete):
        raise BadInputError(f"environment {name!r} cannot be used as it is", loaded.findings)
    return loaded.environment.settings if loaded.environment is not None else None


def _is_elsewhere(settings: Settings | None) -> bool:
    return settings is not None and settings.knative is not None and not settings.knative.embedded


def _require_embedded(settings: Settings | None) -> None:
    if settings is not None and settings.knative is not None and not settings.knative.embedded:
        raise BadInputError(
            f"{settings.environment}: its cluster is that of context {settings.knative.context!r}, which Slipway does "
            f"not run; use kubectl --context {settings.knative.context}"
        )


def _look_elsewhere(settings: Settings | None, *, as_json: bool) -> None:
    """Check a cluster that somebody else runs, and say what was found there."""
    from slipway.kube import platform  # noqa: PLC0415 - the embedded cluster needs no Kubernetes client
    from slipway.kube.clients import Kube  # noqa: PLC0415

    assert settings is not None
    kube = Kube.of(settings)
    unchecked = [*platform.check(kube, eventing=True), *platform.logs(kube)]
    found = platform.versions(kube)
    if as_json:
        print_json({"context": kube.context, "embedded": False, "knative": found, "notChecked": unchecked})
        return
    click.echo(f"{settings.environment}: cluster of context {kube.context}; nothing to start here")
    for title, version in found.items():
        click.echo(f"  Knative {title}  {version or 'unknown'}")
    for line in unchecked:
        click.echo(f"  {line}")


def _show(found: lifecycle.Status, word: str, *, as_json: bool) -> None:
    if as_json:
        print_json(found.to_json())
        return
    click.echo(f"embedded cluster: {word}")
    if not found.running:
        return
    click.echo(f"  API         {found.api_url}  (KUBECONFIG={found.kubeconfig})")
    click.echo(f"  HTTP entry  {found.entry_url}")
    click.echo(f"  registry    {found.registry}")
    click.echo(f"  instance    {found.instance}")
    click.echo(f"  logs        {found.logs}")
    click.echo()
    print_table(
        ["part", "state", "process", "detail"], [(part.name, part.state, part.pid, part.detail) for part in found.parts]
    )
