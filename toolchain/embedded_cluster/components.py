"""The programs of the node: how each is called, what it waits for, and how to ask whether it is well."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.embedded_cluster import network, rendering

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolchain.embedded_cluster.config import Config

API_SERVER = "kube-apiserver"
CONTAINERD = "containerd"
KUBELET = "kubelet"
PREPARE = "prepare"
RELAY = "relay"
_LOOPBACK = "127.0.0.1"
_CONTROLLER_MANAGER_PORT = 10257
_SCHEDULER_PORT = 10259
_ROOT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """A program that the supervisor keeps running.

    Attributes:
        name: Its name; its log has it too.
        command: Program and arguments.
        after: Names of components that must have been well once before it starts.
        probe: Address that answers 200 when it is well; None for what has none.
        client: Name of the client certificate for the probe.
        once: Whether it does its work and ends; it counts as well from then on.
        keeps: File descriptors that it inherits.
    """

    name: str
    command: tuple[str, ...]
    after: tuple[str, ...] = ()
    probe: str | None = None
    client: str = "supervisor"
    once: bool = False
    keeps: tuple[int, ...] = ()


def environment(config: Config) -> dict[str, str]:
    """Environment of all components: their own programs come first on PATH, temporary files stay on the node."""
    names = ("iptables", "ip", "conntrack", "containerd-shim-runc-v2", "containerd", "runc")
    folders = [path if path.is_dir() else path.parent for name in names if (path := config.binaries.get(name))]
    system = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return {
        "PATH": os.pathsep.join(dict.fromkeys([*(str(folder) for folder in folders), *system])),
        "PYTHONPATH": str(_ROOT),
        "PYTHONUNBUFFERED": "1",
        "LANG": "C.UTF-8",
        "HOME": "/root",
        "TMPDIR": "/run/tmp",
    }


def components(config: Config, listeners: Mapping[str, int]) -> tuple[Component, ...]:
    """All programs of the node, in the order in which they start.

    Args:
        config: The cluster.
        listeners: File descriptors of the listening sockets outside, by what they are for.
    """
    targets = {
        "api": f"{network.NODE_IP}:{network.API_PORT}",
        "http": f"{network.ENTRY_IP}:{network.ENTRY_PORT}",
        "registry": config.registry,
        "loki": f"{network.NODE_IP}:{network.LOKI_PORT}",
    }
    return (
        Component(
            name=RELAY,
            command=(
                sys.executable,
                "-m",
                "toolchain.embedded_cluster.relay",
                *(f"{descriptor}={targets[use]}" for use, descriptor in listeners.items()),
            ),
            keeps=tuple(listeners.values()),
        ),
        _etcd(config),
        Component(
            name=CONTAINERD,
            command=(str(config.binaries["containerd"]), "--config", str(config.rendered / "containerd.toml")),
            probe=f"http://{_LOOPBACK}:{rendering.CONTAINERD_METRICS_PORT}/v1/metrics",
        ),
        Component(
            name="registry",
            command=(str(config.binaries["docker-registry"]), "serve", str(config.rendered / "registry.yaml")),
            probe=f"http://{config.registry}/v2/",
        ),
        Component(
            name="loki",
            command=(str(config.binaries["loki"]), f"-config.file={config.rendered / 'loki.yaml'}"),
            probe=f"http://{network.NODE_IP}:{network.LOKI_PORT}/ready",
        ),
        _api_server(config),
        Component(
            name=PREPARE,
            command=(sys.executable, "-m", "toolchain.embedded_cluster.prepare", config.to_json()),
            after=(API_SERVER,),
            once=True,
        ),
        _controller_manager(config),
        _scheduler(config),
        Component(
            name="kube-proxy",
            command=(str(config.binaries["kube-proxy"]), f"--config={config.rendered / 'kube-proxy.yaml'}"),
            after=(API_SERVER,),
            probe=f"http://{_LOOPBACK}:{rendering.PROXY_HEALTH_PORT}/livez",
        ),
        Component(
            name=KUBELET,
            command=(
                str(config.binaries["kubelet"]),
                f"--config={config.rendered / 'kubelet.yaml'}",
                f"--kubeconfig={config.rendered / 'kubelet.kubeconfig'}",
                f"--hostname-override={network.NODE_NAME}",
                f"--node-ip={network.NODE_IP}",
                f"--root-dir={config.data / 'kubelet'}",
            ),
            after=(CONTAINERD, PREPARE),
            probe=f"http://{_LOOPBACK}:{rendering.KUBELET_HEALTH_PORT}/healthz",
        ),
    )


def _etcd(config: Config) -> Component:
    address = f"https://{_LOOPBACK}:{rendering.ETCD_PORT}"
    pki = config.pki
    return Component(
        name="etcd",
        command=(
            str(config.binaries["etcd"]),
            f"--name={network.NODE_NAME}",
            f"--data-dir={config.data / 'etcd'}",
            f"--listen-client-urls={address}",
            f"--advertise-client-urls={address}",
            f"--listen-peer-urls=http://{_LOOPBACK}:2380",
            f"--initial-advertise-peer-urls=http://{_LOOPBACK}:2380",
            f"--initial-cluster={network.NODE_NAME}=http://{_LOOPBACK}:2380",
            f"--listen-metrics-urls=http://{_LOOPBACK}:{rendering.ETCD_METRICS_PORT}",
            f"--cert-file={pki.certificate('etcd-server')}",
            f"--key-file={pki.key('etcd-server')}",
            f"--trusted-ca-file={pki.authority}",
            "--client-cert-auth",
            "--auto-compaction-retention=1h",
            # What was written survives every kill of a process; only the machine's own crash could lose some of it.
            "--unsafe-no-fsync",
            "--quota-backend-bytes=4294967296",
            "--log-level=error",
        ),
        probe=f"http://{_LOOPBACK}:{rendering.ETCD_METRICS_PORT}/livez",
    )


def _api_server(config: Config) -> Component:
    pki = config.pki
    return Component(
        name=API_SERVER,
        command=(
            str(config.binaries["kube-apiserver"]),
            f"--advertise-address={network.NODE_IP}",
            f"--secure-port={network.API_PORT}",
            f"--service-cluster-ip-range={network.SERVICE_CIDR}",
            f"--etcd-servers=https://{_LOOPBACK}:{rendering.ETCD_PORT}",
            f"--etcd-cafile={pki.authority}",
            f"--etcd-certfile={pki.certificate('kube-apiserver')}",
            f"--etcd-keyfile={pki.key('kube-apiserver')}",
            f"--client-ca-file={pki.authority}",
            f"--tls-cert-file={pki.certificate('server')}",
            f"--tls-private-key-file={pki.key('server')}",
            f"--kubelet-certificate-authority={pki.authority}",
            f"--kubelet-client-certificate={pki.certificate('kube-apiserver')}",
            f"--kubelet-client-key={pki.key('kube-apiserver')}",
            "--kubelet-preferred-address-types=InternalIP",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            f"--service-account-issuer=https://kubernetes.default.svc.{network.CLUSTER_DOMAIN}",
            f"--service-account-key-file={pki.service_accounts}",
            f"--service-account-signing-key-file={pki.service_accounts}",
            "--profiling=false",
            # Nothing else serves this API: there is no one to hand over to.
            "--shutdown-delay-duration=0s",
        ),
        after=("etcd",),
        probe=f"https://{network.NODE_IP}:{network.API_PORT}/livez",
    )


def _controller_manager(config: Config) -> Component:
    pki = config.pki
    return Component(
        name="kube-controller-manager",
        command=(
            str(config.binaries["kube-controller-manager"]),
            *_access(config, "kube-controller-manager"),
            f"--bind-address={_LOOPBACK}",
            f"--tls-cert-file={pki.certificate('server')}",
            f"--tls-private-key-file={pki.key('server')}",
            f"--root-ca-file={pki.authority}",
            f"--service-account-private-key-file={pki.service_accounts}",
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--allocate-node-cidrs=false",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
        ),
        after=(API_SERVER,),
        probe=f"https://{_LOOPBACK}:{_CONTROLLER_MANAGER_PORT}/healthz",
    )


def _scheduler(config: Config) -> Component:
    pki = config.pki
    return Component(
        name="kube-scheduler",
        command=(
            str(config.binaries["kube-scheduler"]),
            *_access(config, "kube-scheduler"),
            f"--bind-address={_LOOPBACK}",
            f"--tls-cert-file={pki.certificate('server')}",
            f"--tls-private-key-file={pki.key('server')}",
            "--leader-elect=false",
            "--profiling=false",
        ),
        after=(API_SERVER,),
        probe=f"https://{_LOOPBACK}:{_SCHEDULER_PORT}/healthz",
    )


def _access(config: Config, name: str) -> tuple[str, ...]:
    path = config.rendered / f"{name}.kubeconfig"
    return tuple(f"--{kind}={path}" for kind in ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"))
