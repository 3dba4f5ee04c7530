"""The parts of the Kubernetes half: the provider's plugin, crane, and what the embedded cluster runs.

All are built from one module set, `toolchain/kubernetes`, with one version of each module: nothing compiles twice.
Archive names are those of the publishers' release pages.
"""

from __future__ import annotations

import platform
import sys

from toolchain import kubernetes_provider
from toolchain.parts import ModuleSet, Part, Release, platform_name

KUBERNETES = "1.34.3"
_ETCD = "3.6.4"
_COREDNS = "1.12.4"
_CRANE = "0.20.6"
_POLICIES = "0.8.0"
_KNATIVE = "1.21.0"

_MAJOR, _MINOR, _ = KUBERNETES.split(".")
_SET = kubernetes_provider.SOURCE
_VERSION_VARIABLES = tuple(
    (f"k8s.io/component-base/version.{name}", value)
    for name, value in {
        "gitVersion": f"v{KUBERNETES}",
        "gitMajor": _MAJOR,
        "gitMinor": _MINOR,
        "gitTreeState": "clean",
        "gitCommit": "built-from-modules",
    }.items()
)
"""Without these Knative refuses the server's version, and kubectl cannot compare itself with the server."""

_PROVIDER_BINARY = "pulumi-resource-kubernetes"
_KUBERNETES_BINARIES = (
    "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl",
)  # fmt: skip
_KNATIVE_BINARIES = {
    "serving-controller": "knative.dev/serving/cmd/controller",
    "serving-activator": "knative.dev/serving/cmd/activator",
    "serving-autoscaler": "knative.dev/serving/cmd/autoscaler",
    "serving-queue": "knative.dev/serving/cmd/queue",
    "serving-webhook": "knative.dev/serving/cmd/webhook",
    "kourier": "knative.dev/net-kourier/cmd/kourier",
    "eventing-controller": "knative.dev/eventing/cmd/controller",
    "eventing-webhook": "knative.dev/eventing/cmd/webhook",
    "broker-filter": "knative.dev/eventing/cmd/broker/filter",
    "broker-ingress": "knative.dev/eventing/cmd/broker/ingress",
    "imc-controller": "knative.dev/eventing/cmd/in_memory/channel_controller",
    "imc-dispatcher": "knative.dev/eventing/cmd/in_memory/channel_dispatcher",
    "mt-broker-controller": "knative.dev/eventing/cmd/mtchannel_broker",
    "mtping": "knative.dev/eventing/cmd/mtping",
}
KNATIVE_CONFIG = {
    "config/serving": "knative.dev/serving",
    "config/networking": "knative.dev/networking",
    "config/caching": "knative.dev/caching",
    "config/net-kourier": "knative.dev/net-kourier",
    "config/eventing": "knative.dev/eventing",
}
"""Folder beside the Knative binaries to the module whose `config` folder it is a copy of."""


def provider() -> Part:
    """Pulumi's Kubernetes provider.

    The plugin does not tell its version; its folder under PULUMI_HOME does, which is what the engine goes by.
    """
    version = kubernetes_provider.VERSION
    return Part(
        name="kubernetes-provider",
        title="Kubernetes provider",
        version=version,
        binary=_PROVIDER_BINARY,
        plugin=f"resource-kubernetes-v{version}",
        release=Release(
            base=f"https://github.com/pulumi/pulumi-kubernetes/releases/download/v{version}",
            archive=f"{_PROVIDER_BINARY}-v{version}-{platform_name('amd64')}.tar.gz",
            checksums=(f"pulumi-kubernetes_{version}_checksums.txt",),
            members=(_PROVIDER_BINARY,),
        ),
        modules=ModuleSet(
            folder=_SET,
            package=f"./{kubernetes_provider.PACKAGE}",
            version_symbol="",
            variables=(("main.version", version),),
            prepare=kubernetes_provider.prepare,
            inputs=(_SET.parent / "kubernetes_provider.py",),
            cpu_seconds=530,
            disk_mb=2500,
        ),
    )


def crane() -> Part:
    """The client that pushes images; a command of the virtual environment."""
    machine = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
    return Part(
        name="crane",
        title="crane",
        version=_CRANE,
        binary="crane",
        version_command=("version",),
        newer_is_compatible=True,
        command=True,
        release=Release(
            base=f"https://github.com/google/go-containerregistry/releases/download/v{_CRANE}",
            archive=f"go-containerregistry_{sys.platform.capitalize()}_{machine}.tar.gz",
            checksums=("checksums.txt",),
            members=("crane",),
        ),
        modules=ModuleSet(
            folder=_SET,
            package="github.com/google/go-containerregistry/cmd/crane",
            version_symbol="",
            variables=(("github.com/google/go-containerregistry/cmd/crane/cmd.Version", _CRANE),),
            cpu_seconds=30,
            disk_mb=300,
        ),
    )


def cluster() -> tuple[Part, ...]:
    """What the embedded cluster runs, in the order in which it is installed; Linux only."""
    machine = platform_name("amd64").partition("-")[2]
    first, *others = _KUBERNETES_BINARIES
    knative_first, *knative_others = _KNATIVE_BINARIES
    return (
        crane(),
        Part(
            name="kubernetes",
            title="Kubernetes",
            version=KUBERNETES,
            binary=first,
            companions=tuple(others),
            version_command=("--version",),
            release=Release(
                base=f"https://dl.k8s.io/v{KUBERNETES}",
                archive=f"kubernetes-server-linux-{machine}.tar.gz",
                checksums=(f"kubernetes-server-linux-{machine}.tar.gz.sha512",),
                members=_KUBERNETES_BINARIES,
            ),
            modules=ModuleSet(
                folder=_SET,
                package=f"k8s.io/kubernetes/cmd/{first}",
                more=tuple((name, f"k8s.io/kubernetes/cmd/{name}") for name in others),
                version_symbol="",
                variables=_VERSION_VARIABLES,
                cpu_seconds=250,
                disk_mb=2500,
            ),
        ),
        Part(
            name="etcd",
            title="etcd",
            version=_ETCD,
            binary="etcd",
            version_command=("--version",),
            release=Release(
                base=f"https://github.com/etcd-io/etcd/releases/download/v{_ETCD}",
                archive=f"etcd-v{_ETCD}-linux-{machine}.tar.gz",
                checksums=("SHA256SUMS",),
                members=("etcd",),
            ),
            modules=ModuleSet(
                folder=_SET, package="go.etcd.io/etcd/server/v3", version_symbol="", cpu_seconds=20, disk_mb=400
            ),
        ),
        Part(
            name="coredns",
            title="CoreDNS",
            version=_COREDNS,
            binary="coredns",
            version_command=("-version",),
            release=Release(
                base=f"https://github.com/coredns/coredns/releases/download/v{_COREDNS}",
                archive=f"coredns_{_COREDNS}_linux_{machine}.tgz",
                checksums=(f"coredns_{_COREDNS}_linux_{machine}.tgz.sha256",),
                members=("coredns",),
            ),
            modules=ModuleSet(folder=_SET, package="./coredns", version_symbol="", cpu_seconds=20, disk_mb=400),
        ),
        Part(
            name="knative",
            title="Knative",
            version=_KNATIVE,
            binary=knative_first,
            companions=tuple(knative_others),
            modules=ModuleSet(
                folder=_SET,
                package=_KNATIVE_BINARIES[knative_first],
                more=tuple((name, _KNATIVE_BINARIES[name]) for name in knative_others),
                version_symbol="",
                variables=_VERSION_VARIABLES,
                module_folders=tuple((module, "config", folder) for folder, module in KNATIVE_CONFIG.items()),
                cpu_seconds=120,
                disk_mb=2000,
            ),
        ),
        Part(
            name="network-policies",
            title="network policy engine",
            version=_POLICIES,
            binary="network-policies",
            modules=ModuleSet(
                folder=_SET,
                package="sigs.k8s.io/kube-network-policies/cmd",
                version_symbol="",
                cpu_seconds=20,
                disk_mb=400,
            ),
        ),
        Part(
            name="pause",
            title="pause",
            version="1.0.0",
            binary="pause",
            modules=ModuleSet(folder=_SET, package="./pause", version_symbol="", cpu_seconds=5, disk_mb=50),
        ),
    )
