"""Settings of a cluster in a temporary folder; nothing is started."""

from pathlib import Path

import pytest

from toolchain.embedded_cluster.config import Config

PROGRAMS = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "containerd",
    "containerd-shim-runc-v2",
    "runc",
    "ctr",
    "conntrack",
    "docker-registry",
    "kubectl",
    "loki",
    "pause",
]


@pytest.fixture
def config(tmp_path):
    binaries = {name: Path("/programs") / name for name in PROGRAMS}
    binaries |= {"cni": tmp_path / "cni", "iptables": tmp_path / "iptables"}
    for folder in ("cni", "iptables"):
        (tmp_path / folder).mkdir()
    return Config(state=tmp_path / "state", cache=tmp_path / "cache", binaries=binaries)
