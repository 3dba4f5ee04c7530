"""Configuration files of the node's programs."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import yaml

from toolchain.embedded_cluster import network
from toolchain.embedded_cluster.machine import RUN
from toolchain.embedded_cluster.pki import CLIENTS

if TYPE_CHECKING:
    from pathlib import Path

    from toolchain.embedded_cluster.config import Config
    from toolchain.embedded_cluster.pki import ClientFiles

CONTEXT = "slipway"
CONTAINERD_SOCKET = RUN / "containerd.sock"
CONTAINERD_METRICS_PORT = 1338
ETCD_PORT = 2379
ETCD_METRICS_PORT = 2381
KUBELET_HEALTH_PORT = 10248
PROXY_HEALTH_PORT = 10256
_LOKI_GRPC_PORT = 9095
_LOKI_MESSAGE_BYTES = 16 * 2**20
_MAX_PODS = 220
_SECRET = 0o600


def write_all(config: Config, *, snapshotter: str, pause_image: str) -> None:
    """Write every file that a start needs.

    Args:
        config: The cluster.
        snapshotter: What containerd makes root file systems with.
        pause_image: Reference of the image that holds a pod's namespaces.
    """
    config.rendered.mkdir(parents=True, exist_ok=True, mode=0o700)
    (config.rendered / "cni").mkdir(exist_ok=True)
    inside = f"https://{network.NODE_IP}:{network.API_PORT}"
    for name in CLIENTS:
        text = _yaml(kubeconfig(inside, config.pki.client(name)))
        _write(config.rendered / f"{name}.kubeconfig", text)
    _write(config.kubeconfig, _yaml(kubeconfig(config.api_url, config.pki.client("admin"), inline=True)))
    _write(config.rendered / "containerd.toml", containerd(config, snapshotter, pause_image))
    _write(config.rendered / "cni" / "10-slipway.conflist", json.dumps(cni(), indent=1))
    _write(config.rendered / "kubelet.yaml", _yaml(kubelet(config)))
    _write(config.rendered / "kube-proxy.yaml", _yaml(kube_proxy(config)))
    _write(config.rendered / "registry.yaml", _yaml(registry(config)))
    _write(config.rendered / "loki.yaml", _yaml(loki(config)))
    # Nothing outside can be asked for names: pods have the cluster's DNS, and the node needs none.
    _write(config.rendered / "resolv.conf", "")


def kubeconfig(server: str, client: ClientFiles, *, inline: bool = False) -> dict[str, Any]:
    """Access to the API server for one client.

    Args:
        server: Its address.
        client: Certificate and key.
        inline: Whether the file carries them, so that it can be copied, instead of naming their files.
    """
    if inline:
        authority: dict[str, Any] = {"certificate-authority-data": _base64(client.authority)}
        user: dict[str, Any] = {
            "client-certificate-data": _base64(client.certificate),
            "client-key-data": _base64(client.key),
        }
    else:
        authority = {"certificate-authority": str(client.authority)}
        user = {"client-certificate": str(client.certificate), "client-key": str(client.key)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": server, **authority}}],
        "users": [{"name": CONTEXT, "user": user}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
        "current-context": CONTEXT,
    }


def containerd(config: Config, snapshotter: str, pause_image: str) -> str:
    """Configuration of containerd 1.6, version 2 of its format."""
    root, binaries = config.data / "containerd", config.binaries

    def text(value: object) -> str:
        return json.dumps(str(value))  # a JSON string is a TOML string

    return f"""\
version = 2
root = {text(root)}
state = {text(RUN / "containerd")}
disabled_plugins = ["io.containerd.internal.v1.opt"]

[grpc]
  address = {text(CONTAINERD_SOCKET)}

[metrics]
  address = "127.0.0.1:{CONTAINERD_METRICS_PORT}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = {text(pause_image)}
  # Without this runc fails where CAP_SYS_RESOURCE is missing.
  restrict_oom_score_adj = true
  # A profile would stay in the machine's kernel.
  disable_apparmor = true
  max_concurrent_downloads = 6
  stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = {text(snapshotter)}
  default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  BinaryName = {text(binaries["runc"])}
  SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = {text(binaries["cni"])}
  conf_dir = {text(config.rendered / "cni")}
"""


def cni() -> dict[str, Any]:
    """The pods' network: the node's bridge, addresses that a restart forgets, ports of the host."""
    return {
        "cniVersion": "0.4.0",
        "name": "slipway",
        "plugins": [
            {
                "type": "bridge",
                "bridge": network.BRIDGE,
                "isGateway": True,
                "ipMasq": False,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(RUN / "addresses"),
                    "ranges": [[{"subnet": network.POD_CIDR, "gateway": network.NODE_IP}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def kubelet(config: Config) -> dict[str, Any]:
    """Configuration of the kubelet."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(config.pki.authority)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(config.pki.certificate("kubelet-server")),
        "tlsPrivateKeyFile": str(config.pki.key("kubelet-server")),
        "healthzPort": KUBELET_HEALTH_PORT,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": config.cgroup,
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "clusterDNS": [network.DNS_IP],
        "clusterDomain": network.CLUSTER_DOMAIN,
        "resolvConf": str(config.rendered / "resolv.conf"),
        "podLogsDir": str(config.logs / "pods"),
        "volumePluginDir": str(RUN / "volume-plugins"),
        "maxPods": _MAX_PODS,
        "serializeImagePulls": False,
        # The disk is the user's: pods are not put out, and images not removed, because other things fill it.
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
            "imagefs.inodesFree": "0%",
        },
        "imageGCHighThresholdPercent": 100,
        "containerLogMaxSize": "10Mi",
        "containerLogMaxFiles": 2,
    }


def kube_proxy(config: Config) -> dict[str, Any]:
    """Configuration of kube-proxy."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(config.rendered / "kube-proxy.kubeconfig")},
        "hostnameOverride": network.NODE_NAME,
        "mode": "iptables",
        "clusterCIDR": network.POD_CIDR,
        "healthzBindAddress": f"127.0.0.1:{PROXY_HEALTH_PORT}",
        "metricsBindAddress": "127.0.0.1:10249",
        "oomScoreAdj": 0,
        "iptables": {"localhostNodePorts": False, "minSyncPeriod": "100ms"},
        # Limits of connection tracking are the machine's; they cannot be set from a network namespace.
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }


def registry(config: Config) -> dict[str, Any]:
    """Configuration of the image registry."""
    return {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(config.data / "registry")},
            "delete": {"enabled": True},
            "cache": {"blobdescriptor": "inmemory"},
        },
        "http": {"addr": config.registry},
    }


def loki(config: Config) -> dict[str, Any]:
    """Configuration of the log store: one process with its data in files, which takes what is written late, too."""
    return {
        "auth_enabled": False,
        "server": {
            "http_listen_address": network.NODE_IP,
            "http_listen_port": network.LOKI_PORT,
            "grpc_listen_address": "127.0.0.1",
            "grpc_listen_port": _LOKI_GRPC_PORT,
            "grpc_server_max_recv_msg_size": _LOKI_MESSAGE_BYTES,
            "grpc_server_max_send_msg_size": _LOKI_MESSAGE_BYTES,
            "log_level": "warn",
        },
        "common": {
            "instance_addr": "127.0.0.1",
            "path_prefix": str(config.data / "loki"),
            "replication_factor": 1,
            "ring": {"kvstore": {"store": "inmemory"}},
            "storage": {
                "filesystem": {
                    "chunks_directory": str(config.data / "loki" / "chunks"),
                    "rules_directory": str(config.data / "loki" / "rules"),
                }
            },
        },
        "schema_config": {
            "configs": [
                {
                    "from": "2024-01-01",
                    "store": "tsdb",
                    "object_store": "filesystem",
                    "schema": "v13",
                    "index": {"prefix": "index_", "period": "24h"},
                }
            ]
        },
        # The write-ahead log survives a kill; the pause before readiness is for rings of several, which this is not.
        "ingester": {"lifecycler": {"min_ready_duration": "0s"}, "wal": {"enabled": True}},
        "limits_config": {
            "allow_structured_metadata": True,
            "ingestion_rate_mb": 64,
            "ingestion_burst_size_mb": 128,
            "per_stream_rate_limit": "64MB",
            "per_stream_rate_limit_burst": "128MB",
            "reject_old_samples": False,
            "unordered_writes": True,
            "max_entries_limit_per_query": 50000,
            "volume_enabled": False,
        },
        "pattern_ingester": {"enabled": False},
        "analytics": {"reporting_enabled": False},
    }


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False)


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}")
    scratch.write_text(text, encoding="utf-8")
    scratch.chmod(_SECRET)
    scratch.replace(path)
