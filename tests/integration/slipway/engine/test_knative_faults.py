"""Kills of the cluster's parts at random moments of updates: one more `make up` always ends in a working state.

SLIPWAY_FAULT_RUNS sets how many kills (default 2, `make faults` 20), SLIPWAY_FAULT_SEED another series than the default's.
The cluster is this test's own: others could not bear it.
"""

import contextlib
import logging
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from slipway.core.paths import cache_dir
from tests import cluster as shared
from tests.integration.slipway.engine.conftest import KnativeCheckout
from toolchain.embedded_cluster import launch, lifecycle
from toolchain.embedded_cluster.config import Config
from toolchain.embedded_cluster.errors import UnsuitableMachineError
from toolchain.progress import Reporter

pytestmark = [pytest.mark.faults, pytest.mark.timeout(7200)]

_log = logging.getLogger(__name__)

RUNS = int(os.environ.get("SLIPWAY_FAULT_RUNS", "2"))
SEED = int(os.environ.get("SLIPWAY_FAULT_SEED", "42"))
COMPONENT = "a Knative component"
WHOLE = "supervisor"
VICTIMS = ("kube-apiserver", WHOLE, "containerd", COMPONENT, "kubelet", "engine")
PROGRAMS = ("serving-controller", "serving-webhook", "serving-activator", "eventing-controller", "kourier")
PATIENT = 1200


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A checkout with a cluster that nobody else has."""
    try:
        launch.require_machine()
    except UnsuitableMachineError as error:
        pytest.skip(str(error))
    binaries = shared._binaries()
    api, http, registry, loki = shared._free_ports(4)
    folder = Path(tempfile.mkdtemp(prefix="slipway-"))
    config = Config(
        state=folder,
        cache=cache_dir(),
        binaries=binaries,
        api_port=api,
        http_port=http,
        registry_port=registry,
        loki_port=loki,
    )
    lifecycle.up(config, Reporter())
    try:
        yield KnativeCheckout(tmp_path_factory.mktemp("checkout"), shared.Cluster(config, own=True))
    finally:
        lifecycle.down(config, purge=True)
        shutil.rmtree(folder, ignore_errors=True)


def components(config) -> list[psutil.Process]:
    """Processes of Knative in this cluster: below its supervisor, by the name of their program."""
    supervisor = launch.supervisor(config)
    found = []
    for process in supervisor.children(recursive=True) if supervisor else ():
        with contextlib.suppress(psutil.Error):
            line = process.cmdline()
            if line and Path(line[0]).name in PROGRAMS:
                found.append(process)
    return found


def victims(checkout, victim: str, chance: random.Random) -> list[psutil.Process]:
    config = checkout.cluster.config
    if victim == COMPONENT:
        found = sorted(components(config), key=lambda process: process.pid)
        return [chance.choice(found)] if found else []
    if victim == "engine":
        return [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(checkout.root)]
    pids = [part.pid for part in lifecycle.status(config).parts if part.name == victim and part.pid]
    return [psutil.Process(pid) for pid in pids]


def kill(checkout, victim: str, chance: random.Random) -> list[str]:
    killed = []
    for process in victims(checkout, victim, chance):
        with contextlib.suppress(psutil.Error):
            killed.append(process.name())
            process.send_signal(signal.SIGKILL)
    return killed


def starting_point(checkout, chance: random.Random) -> str:
    """Nothing at all, or everything with changes to come."""
    if chance.random() < 0.3:
        checkout.run("destroy", "--yes", timeout=PATIENT)
        return "nothing"
    for manifest in (checkout.root / "functions").glob("*/function.yaml"):
        lines = [
            f"memory: {chance.choice([192, 320, 448])}" if line.startswith("memory:") else line
            for line in manifest.read_text().splitlines()
        ]
        manifest.write_text("\n".join(lines) + "\n")
    return "changes"


def test_one_more_up_mends_whatever_a_kill_left(alone):
    chance = random.Random(SEED)
    started = time.monotonic()
    alone.run("up", timeout=PATIENT)
    whole = time.monotonic() - started
    for run in range(RUNS):
        victim = VICTIMS[run % len(VICTIMS)]
        begun = starting_point(alone, chance)
        process = alone.popen("up")
        moment = chance.uniform(2, whole)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=moment)
        killed = kill(alone, victim, chance)
        where = f"run {run} of seed {SEED}: {victim} killed after {moment:.1f} s from {begun}, killed {killed}"
        _log.info(where)
        assert killed or process.poll() is not None, where
        process.communicate(timeout=PATIENT)
        alone.run("start", timeout=PATIENT)
        mended = alone.run("up", timeout=PATIENT)
        _log.info(mended.stderr)
        alone.run("preview", "--exit-code")
        alone.run("verify")
        exists, known = alone.in_cluster(), alone.recorded()
        assert exists == known, f"{where}: orphans {exists - known}, missing {known - exists}"
