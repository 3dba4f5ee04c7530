"""The real parts of the Kubernetes half, from the user's own cache; skipped where nobody has asked for them yet."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from slipway.core.paths import cache_dir
from toolchain import cluster_parts, kubernetes_parts, kubernetes_provider, log_parts
from toolchain.cache import Cache
from toolchain.obtain import Obtainer
from toolchain.progress import Reporter

VERSIONS = {
    "kube-apiserver": (["--version"], f"Kubernetes v{kubernetes_parts.KUBERNETES}"),
    "kube-controller-manager": (["--version"], f"Kubernetes v{kubernetes_parts.KUBERNETES}"),
    "kube-scheduler": (["--version"], f"Kubernetes v{kubernetes_parts.KUBERNETES}"),
    "kubelet": (["--version"], f"Kubernetes v{kubernetes_parts.KUBERNETES}"),
    "kube-proxy": (["--version"], f"Kubernetes v{kubernetes_parts.KUBERNETES}"),
    "kubectl": (["version", "--client"], f"Client Version: v{kubernetes_parts.KUBERNETES}"),
    "etcd": (["--version"], "etcd Version: 3.6.4"),
    "coredns": (["-version"], "CoreDNS-1.12.4"),
    "envoy": (["--version"], "/1.40.0/"),
    "containerd": (["--version"], "containerd"),
    "ctr": (["--version"], "containerd"),
    "containerd-shim-runc-v2": (["-v"], "Version:"),
    "runc": (["--version"], "runc version"),
    "ip": (["-V"], "iproute2"),
    "conntrack": (["--version"], "conntrack v"),
    "mmdebstrap": (["--version"], "mmdebstrap"),
    "otelcol": (["--version"], f"otelcol version {log_parts.COLLECTOR}"),
    "loki": (["--version"], f"loki, version {log_parts.LOKI}"),
}
FOLDERS = {
    "iptables": {"iptables": "iptables v", "iptables-restore": "restore v", "ip6tables-save": "save v"},
    "cni": {"bridge": "CNI bridge plugin", "portmap": "CNI portmap plugin"},
}
CONFIG = {
    "config/serving": "core/300-resources/service.yaml",
    "config/networking": "certificate.yaml",
    "config/caching": "image.yaml",
    "config/net-kourier": "200-bootstrap.yaml",
    "config/eventing": "core/resources/broker.yaml",
}


@pytest.fixture(scope="module")
def programs():
    return {
        name: path for found in cluster_parts.inspect(cache_dir(), os.environ) for name, path in found.paths.items()
    }


def present(programs, name):
    if name not in programs:
        pytest.skip(f"{name} is not installed; `slipway toolchain install --for cluster` gets it")
    return programs[name]


def said(command):
    answer = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return answer.stdout + answer.stderr


@pytest.mark.parametrize("name", VERSIONS)
def test_program_starts_and_tells_its_version(programs, name):
    arguments, words = VERSIONS[name]
    assert words in said([present(programs, name), *arguments])


@pytest.mark.parametrize(("folder", "name"), [(folder, name) for folder, names in FOLDERS.items() for name in names])
def test_programs_of_a_folder_start(programs, folder, name):
    assert FOLDERS[folder][name] in said([present(programs, folder) / name, "--version"])


@pytest.mark.parametrize("folder", CONFIG)
def test_yaml_of_knative_lies_beside_its_programs(programs, folder):
    assert (present(programs, folder) / CONFIG[folder]).is_file()


def test_provider_describes_itself_with_the_version_of_its_python_package(tmp_path):
    part = kubernetes_parts.provider()
    choice = Obtainer(Cache(cache_dir()), os.environ, Reporter(), (part,)).present().get(part.name)
    if choice is None:
        pytest.skip("the Kubernetes provider is not installed; `slipway toolchain install --for knative` gets it")
    pulumi = Path(sys.prefix) / "bin" / "pulumi"
    command = [pulumi, "package", "get-schema", choice.folder / part.binary]
    schema = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout)
    assert (schema["name"], schema["version"]) == ("kubernetes", kubernetes_provider.VERSION)
    assert schema["version"] == version("pulumi-kubernetes")
