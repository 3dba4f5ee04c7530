"""K11: Pods ask for nothing of the node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.rule import Rule, Verdict, unknown
from policies.judge.values import UNKNOWN, at
from policies.rules._pods import TYPES, judged, must, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource
    from policies.rules._pods import Container, Pod

# Kubernetes, "Pod Security Standards": what `baseline` and `restricted` say beside K1 to K4.
_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    }
)
_SELINUX = frozenset({None, "", "container_engine_t", "container_init_t", "container_kvm_t", "container_t"})
_APPARMOR = frozenset({None, "Localhost", "RuntimeDefault"})
_HOOKS = ("lifecycle.postStart", "lifecycle.preStop", "livenessProbe", "readinessProbe", "startupProbe")


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        found = pod.get(key)
        yield must(f"{pod.path}.{key}", found, found in {None, False}, "false")
    if not pod.is_log_agent:
        yield from _volumes(pod)
    for path, sysctl in pod.each("securityContext.sysctls"):
        found = at(sysctl, "name")
        yield must(f"{path}.name", found, found in _SYSCTLS, "one of the safe sysctls")
    yield from _settings(pod.path, pod.spec)
    for one in pod.containers():
        yield from _container(one)


def _volumes(pod: Pod) -> Iterator[Verdict | None]:
    for path, volume in pod.each("volumes"):
        if volume is UNKNOWN:
            yield unknown(path)
            continue
        kinds = sorted(key for key, value in volume.items() if key != "name" and value is not None)
        wrong = next((kind for kind in kinds if kind not in _VOLUMES), None)
        yield must(path, wrong, wrong is None, f"one of {', '.join(sorted(_VOLUMES))}")


def _settings(path: str, holder: Any) -> Iterator[Verdict | None]:
    context = f"{path}.securityContext"
    found = at(holder, "securityContext.seLinuxOptions.type")
    yield must(f"{context}.seLinuxOptions.type", found, found in _SELINUX, "container_t or left out")
    for key in ("user", "role"):
        found = at(holder, f"securityContext.seLinuxOptions.{key}")
        yield must(f"{context}.seLinuxOptions.{key}", found, found in {None, ""}, "left out")
    found = at(holder, "securityContext.appArmorProfile.type")
    yield must(f"{context}.appArmorProfile.type", found, found in _APPARMOR, "RuntimeDefault or Localhost")
    found = at(holder, "securityContext.windowsOptions.hostProcess")
    yield must(f"{context}.windowsOptions.hostProcess", found, found in {None, False}, "false")


def _container(one: Container) -> Iterator[Verdict | None]:
    found = one.get("securityContext.procMount")
    yield one.must("securityContext.procMount", found, found in {None, "Default"}, "Default")
    yield from _settings(one.path, one.props)
    ports = one.get("ports")
    if ports is UNKNOWN:
        yield unknown(f"{one.path}.ports")
    for index, port in enumerate(() if ports is UNKNOWN else ports or ()):
        found = at(port, "hostPort")
        yield one.must(f"ports[{index}].hostPort", found, found in {None, 0}, "left out")
    for hook in _HOOKS:
        for action in ("httpGet", "tcpSocket"):
            found = one.get(f"{hook}.{action}.host")
            yield one.must(f"{hook}.{action}.host", found, found in {None, ""}, "left out")


RULE = Rule(
    id="K11",
    name="pod-restricted",
    title="Pods ask for nothing of the node",
    sources=("PSS-restricted", "CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19", "CKV_K8S_26", "CKV_K8S_27"),
    severity="critical",
    remedy="remove it; Pod Security `restricted` allows nothing else",
    types=TYPES,
    check=_check,
)
