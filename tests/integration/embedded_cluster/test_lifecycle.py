"""A real cluster from `up` to `down`, killed and hung in between: one of this file's own, which nobody else uses."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import psutil
import pytest
import requests
import yaml

from slipway.core.paths import cache_dir
from tests import cluster as shared
from toolchain.embedded_cluster import cgroups, launch, lifecycle
from toolchain.embedded_cluster.config import Config
from toolchain.embedded_cluster.context import State
from toolchain.embedded_cluster.errors import EmbeddedClusterError, UnsuitableMachineError
from toolchain.progress import Reporter

# A start on a busy machine takes minutes.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def config():
    """Settings of the cluster; nothing of it is left behind."""
    try:
        launch.require_machine()
    except UnsuitableMachineError as error:
        pytest.skip(str(error))
    binaries = shared._binaries()
    api, http, registry, loki = shared._free_ports(4)
    folder = Path(tempfile.mkdtemp(prefix="slipway-cluster-"))
    made = Config(
        state=folder,
        cache=cache_dir(),
        binaries=binaries,
        api_port=api,
        http_port=http,
        registry_port=registry,
        loki_port=loki,
    )
    yield made
    lifecycle.down(made, purge=True)
    shutil.rmtree(folder)


@pytest.fixture
def node(config):
    """The cluster, whole: whatever the last test did to it is mended."""
    lifecycle.up(config, Reporter())
    return config


def pids(config):
    return {part.name: part.pid for part in lifecycle.status(config).parts if part.pid}


def kubectl(config, *arguments):
    command = [config.binaries["kubectl"], f"--kubeconfig={config.kubeconfig}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def seen(config):
    """What the machine has that a cluster could leave behind."""
    rules = Path(config.binaries["iptables"]) / "iptables-save"
    return {
        "mounts": sorted(Path("/proc/self/mounts").read_text().splitlines()),
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "rules": [
            line
            for line in subprocess.run([rules], capture_output=True, text=True, check=True).stdout.splitlines()
            if not line.startswith("#")
        ],
        "groups": cgroups.left(config.cgroup),
        "processes": [
            p.pid for p in psutil.process_iter(["cmdline"]) if str(config.state) in " ".join(p.info["cmdline"] or ())
        ],
        "sysctls": [
            Path("/proc/sys", name).read_text()
            for name in ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward")
        ],
    }


def test_up_makes_every_part_work(node):
    status = lifecycle.status(node)
    assert status.running
    assert {part.name: part.detail for part in status.parts if part.state is not State.OK} == {}
    assert status.instance
    nodes = json.loads(kubectl(node, "--context=slipway", "get", "nodes", "-o", "json"))["items"]
    assert [node["metadata"]["name"] for node in nodes] == ["slipway"]
    assert nodes[0]["status"]["nodeInfo"]["kubeletVersion"].startswith("v1.34.")


def test_a_second_up_changes_nothing(node):
    before = pids(node)
    status = lifecycle.up(node, Reporter())
    assert not status.started
    assert pids(node) == before


def test_a_pod_reaches_the_api_server_by_its_service_address(node):
    pods = json.loads(kubectl(node, "-n", "kube-system", "get", "pods", "-l", "k8s-app=kube-dns", "-o", "json"))
    assert pods["items"], "CoreDNS reads services from the API server, by the service address"
    assert all(status["ready"] for pod in pods["items"] for status in pod["status"]["containerStatuses"])


def test_the_entry_answers(node):
    answer = requests.get(node.entry_url, headers={"Host": "nobody.example"}, timeout=30)
    assert answer.status_code == 404
    assert answer.headers["server"] == "envoy"


def test_the_access_file_is_for_root_only_and_needs_no_other_file(node):
    assert node.kubeconfig.stat().st_mode & 0o077 == 0
    access = yaml.safe_load(node.kubeconfig.read_text())
    assert access["current-context"] == "slipway"
    assert access["clusters"][0]["cluster"]["server"] == f"https://127.0.0.1:{node.api_port}"
    assert set(access["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}


def test_a_stranger_without_a_certificate_gets_nothing(node):
    answer = requests.get(f"{node.api_url}/api/v1/secrets", verify=str(node.pki.authority), timeout=30)
    assert answer.status_code in {401, 403}


@pytest.mark.parametrize("part", ["etcd", "kube-apiserver", "containerd", "kubelet", "relay", "registry", "kube-proxy"])
def test_up_mends_a_killed_part(node, part):
    before = lifecycle.status(node)
    killed = pids(node)[part]
    os.kill(killed, signal.SIGKILL)
    status = lifecycle.up(node, Reporter())
    assert status.healthy, [p for p in status.parts if p.state is not State.OK]
    assert not status.started, "the others went on"
    assert status.instance == before.instance
    assert pids(node)[part] != killed


@pytest.mark.parametrize("part", ["kube-apiserver", "relay", "supervisor"])
def test_up_mends_a_hung_part(node, part):
    hung = pids(node)[part]
    os.kill(hung, signal.SIGSTOP)
    status = lifecycle.up(node, Reporter())
    assert status.healthy, [p for p in status.parts if p.state is not State.OK]
    assert pids(node)[part] != hung


def test_a_killed_supervisor_takes_everything_along_and_up_brings_it_back(node):
    before = lifecycle.status(node)
    inside = [psutil.Process(pid) for pid in launch.node_pids(launch.supervisor(node)).values()]
    killed_at = dt.datetime.now(dt.UTC)
    os.kill(pids(node)["supervisor"], signal.SIGKILL)
    _, alive = psutil.wait_procs(inside, timeout=30)
    assert alive == []
    assert not lifecycle.status(node).running

    status = lifecycle.up(node, Reporter())
    assert status.started
    assert status.healthy, [p for p in status.parts if p.state is not State.OK]
    assert status.instance == before.instance
    pods = json.loads(kubectl(node, "get", "pods", "-A", "-o", "json"))["items"]
    begun = [
        container["state"]["running"]["startedAt"]
        for pod in pods
        for container in pod["status"]["containerStatuses"]
        if container["ready"]
    ]
    assert begun
    assert all(dt.datetime.fromisoformat(time) >= killed_at.replace(microsecond=0) for time in begun)


def test_two_ups_at_once_start_one(node):
    lifecycle.down(node)
    found = []
    threads = [threading.Thread(target=lambda: found.append(lifecycle.up(node, Reporter()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status.started for status in found) == [False, True]
    assert len(launch.find(node)) == 2, "the supervisor and the one that waits for it"


def test_a_taken_port_is_named_with_its_holder(config):
    lifecycle.down(config)
    refusal = pytest.raises(EmbeddedClusterError, match=rf"port {config.http_port} \(http\).*{os.getpid()}")
    with socket.create_server(("127.0.0.1", config.http_port)), refusal:
        lifecycle.up(config, Reporter())
    assert launch.find(config) == []


def test_down_leaves_nothing(config):
    lifecycle.down(config)
    before = seen(config)
    assert before["groups"] == []
    assert before["processes"] == []
    assert lifecycle.up(config, Reporter()).healthy
    assert seen(config)["groups"] != []
    assert lifecycle.down(config)
    assert seen(config) == before
    assert not lifecycle.down(config), "it did not run any more"


def test_what_a_killed_cluster_leaves_goes_with_down(config):
    before = seen(config)
    lifecycle.up(config, Reporter())
    for process in launch.find(config):
        process.kill()
    assert not lifecycle.down(config) or launch.find(config) == []
    assert seen(config) == before


def test_purge_makes_the_next_one_another_instance(config):
    first = lifecycle.up(config, Reporter()).instance
    lifecycle.down(config, purge=True)
    assert lifecycle.status(config).instance is None
    assert not config.data.exists()
    assert lifecycle.up(config, Reporter()).instance not in {None, first}
