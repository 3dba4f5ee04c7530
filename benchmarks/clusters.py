"""The embedded cluster for benchmarks: an empty one, or the one of this checkout where it runs already."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import NotMeasuredError
from slipway.cli.cluster import ENVIRONMENT, config_of
from slipway.core import paths
from slipway.core.environments import load_environment
from slipway.core.project import Project
from toolchain import cluster_parts
from toolchain.embedded_cluster import lifecycle
from toolchain.embedded_cluster.config import Config
from toolchain.embedded_cluster.errors import UnsuitableMachineError
from toolchain.progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parent.parent


@contextlib.contextmanager
def empty() -> Iterator[Config]:
    """A cluster of its own that was never started; ended and removed when the block ends.

    Raises:
        NotMeasuredError: This machine cannot run one, or its parts are not installed: building them is no part of any
            measurement.
    """
    binaries = _binaries()
    # Not below the checkout: paths of sockets are short.
    state = Path(tempfile.mkdtemp(prefix="slipway-bench-"))
    api, http, registry, loki = free_ports(4)
    config = Config(
        state=state,
        cache=paths.cache_dir(),
        binaries=binaries,
        api_port=api,
        http_port=http,
        registry_port=registry,
        loki_port=loki,
    )
    try:
        yield config
    finally:
        lifecycle.down(config, purge=True)
        shutil.rmtree(state, ignore_errors=True)


@contextlib.contextmanager
def running() -> Iterator[Config]:
    """This checkout's cluster where it runs and is well, and it is left running; else one of its own, started."""
    binaries = _binaries()
    project = Project(_ROOT)
    loaded = load_environment(project, ENVIRONMENT).environment
    own = config_of(project, loaded.settings if loaded else None)
    if own.state.is_dir() and lifecycle.status(own).healthy:
        yield dataclasses.replace(own, binaries=binaries)
        return
    with empty() as config:
        lifecycle.up(config, Reporter())
        yield config


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(listener.getsockname()[1]) for listener in sockets]


def _binaries() -> dict[str, Path]:
    try:
        lifecycle.require_machine()
    except UnsuitableMachineError as error:
        raise NotMeasuredError(str(error)) from error
    missing = [found.title for found in cluster_parts.inspect(paths.cache_dir(), os.environ) if not found.paths]
    if missing:
        raise NotMeasuredError(
            f"the embedded cluster is not installed ({', '.join(missing)}): `slipway toolchain install --for cluster`"
        )
    return dict(cluster_parts.binaries(paths.cache_dir(), os.environ, Reporter()))
