"""Prepares the namespaces that the supervisor was born into: mounts, network, kernel settings as the kubelet wants."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.embedded_cluster import cgroups, kernel, network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from toolchain.embedded_cluster.config import Config

RUN = Path("/run/slipway")
"""Folder for sockets and whatever must not outlive the node; on a tmpfs that nobody else sees."""
PODS_LOGS = Path("/var/log/pods")
AGENTS = Path("/var/lib/slipway")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
POLICY_QUEUE = 98
"""Netfilter queue on which the NetworkPolicy engine listens."""

_COVERED = ("/run", "/var")
# What the kubelet would otherwise write into the machine's kernel: it finds what it wants, and writes nothing.
_KUBELET_SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
_NETWORK_SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/bridge/bridge-nf-call-iptables": "1",
}
# The engine's own nftables rules need an expression that some kernels lack; these mean the same. Traffic of the node
# itself (probes, API server, relay) is never held up, and without the engine everything passes.
_KNOWN = ("-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT")
_JUDGED = ("-j", "NFQUEUE", "--queue-num", str(POLICY_QUEUE), "--queue-bypass")
_POLICY_RULES = (
    ("POSTROUTING", "-o", "lo", "-j", "ACCEPT"),
    ("POSTROUTING", *_KNOWN),
    ("POSTROUTING", "-m", "owner", "--uid-owner", "0", "--socket-exists", "-j", "ACCEPT"),
    ("POSTROUTING", *_JUDGED),
    # What pods send to the node itself, where the API server is, never gets as far as that.
    ("INPUT", "!", "-i", network.BRIDGE, "-j", "ACCEPT"),
    ("INPUT", *_KNOWN),
    ("INPUT", *_JUDGED),
)


def prepare(config: Config, environment: dict[str, str]) -> str:
    """Set up this process's mount, network and UTS namespaces. Run once, before anything else runs in them.

    Args:
        config: The cluster.
        environment: Environment of the programs called, with their PATH.

    Returns:
        Id of this boot; the kubelet reports it for the node.
    """
    kernel.set_host_name(network.NODE_NAME)
    _private_folders(config)
    _sysfs()
    RUN.mkdir(parents=True)
    boot = _kernel_settings()
    _network(environment)
    cgroups.create(config.cgroup)
    # Volumes of pods must be seen by containerd and the kubelet alike.
    kernel.mount("", "/", flags=kernel.MS_SHARED | kernel.MS_REC)
    return boot


def _private_folders(config: Config) -> None:
    """Cover folders in which the programs leave things, but for what lies there and is needed."""
    needed = {config.state, config.cache, Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[2]}
    needed |= {path.parent for path in config.binaries.values()}
    for covered in _COVERED:
        folder = Path(os.path.realpath(covered))
        kept = [(path, os.open(path, os.O_PATH)) for path in _tops(needed, folder)]
        kernel.mount("tmpfs", folder, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
        for path, descriptor in kept:
            _bind(descriptor, path)
            os.close(descriptor)
    for name in ("tmp", "lib", "log"):
        Path("/var", name).mkdir()
    # Where node agents look for logs of pods and keep what must outlive the node.
    for place, real in ((PODS_LOGS, config.logs / "pods"), (AGENTS, config.data / "agents")):
        real.mkdir(parents=True, exist_ok=True)
        place.symlink_to(real)
    Path("/run/tmp").mkdir()
    if not Path("/var/run").exists():
        Path("/var/run").symlink_to("/run")


def _tops(paths: Iterable[Path], folder: Path) -> Iterator[Path]:
    """Those of the paths that lie below a folder, without those that lie below another one of them."""
    below = sorted({Path(os.path.realpath(path)) for path in paths if path.exists()})
    last: Path | None = None
    for path in below:
        if path.is_relative_to(folder) and path != folder and not (last and path.is_relative_to(last)):
            last = path
            yield path


def _bind(descriptor: int, target: Path) -> None:
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    kernel.mount(f"/proc/self/fd/{descriptor}", target, flags=kernel.MS_BIND | kernel.MS_REC)


def _sysfs() -> None:
    """A sysfs that shows this network namespace's devices, with the control groups where they were."""
    groups = os.open("/sys/fs/cgroup", os.O_PATH)
    kernel.mount("sysfs", "/sys", "sysfs", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    _bind(groups, Path("/sys/fs/cgroup"))
    os.close(groups)


def _kernel_settings() -> str:
    folder = RUN / "kernel"
    boot = str(uuid.uuid4())
    for name, value in {"kernel/random/boot_id": boot, **_KUBELET_SYSCTLS}.items():
        real = Path("/proc/sys", name)
        if real.exists():
            stand_in = folder / name
            stand_in.parent.mkdir(parents=True, exist_ok=True)
            stand_in.write_text(f"{value}\n", encoding="utf-8")
            kernel.mount(str(stand_in), real, flags=kernel.MS_BIND)
    for name, value in _NETWORK_SYSCTLS.items():
        Path("/proc/sys", name).write_text(value, encoding="utf-8")
    return boot


def _network(environment: dict[str, str]) -> None:
    bits = network.POD_CIDR.partition("/")[2]
    for command in (
        ("ip", "link", "set", "lo", "up"),
        ("ip", "link", "add", network.BRIDGE, "type", "bridge"),
        ("ip", "address", "add", f"{network.NODE_IP}/{bits}", "dev", network.BRIDGE),
        ("ip", "link", "set", network.BRIDGE, "up"),
        # The node itself calls services (webhooks, the entry): a packet needs a route before its address is translated.
        ("ip", "route", "add", network.SERVICE_CIDR, "dev", network.BRIDGE),
        *(("iptables", "-t", "mangle", "-A", *rule) for rule in _POLICY_RULES),
    ):
        subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL)
