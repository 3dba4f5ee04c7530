"""The one exception: agents that read logs on nodes.

Files of logs belong to root and lie in a folder of the node, so who reads them is root there and sees that folder, and
asks the API server what pods are called. What an agent is follows from what it may do, which is checked here, and not
from what it calls itself: who imitates it gets nothing beyond that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.values import UNKNOWN, at

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PODS = "/var/log/pods"
_STATE = "/var/lib/slipway/"


def is_log_agent(resource: Resource) -> bool:
    """Whether a resource makes such agents: one on each node, in a namespace of their own, rightless otherwise."""
    namespace = resource.get("metadata.namespace")
    spec = resource.get("spec.template.spec")
    return (
        resource.type == "kubernetes:apps/v1:DaemonSet"
        and isinstance(namespace, str)
        and namespace.endswith("-logs")
        and isinstance(spec, dict)
        and not {"hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers"} & set(spec)
        and _sees_logs_alone(spec, namespace)
        and _is_rightless(at(spec, "containers"))
    )


def _sees_logs_alone(spec: dict[str, Any], namespace: str) -> bool:
    containers, volumes = spec.get("containers"), spec.get("volumes")
    if not isinstance(containers, list) or not isinstance(volumes, list):
        return False
    folders = {at(one, "name"): at(one, "hostPath.path") for one in volumes if at(one, "hostPath") is not None}
    logs = [name for name, path in folders.items() if path == _PODS]
    writes = [
        mount
        for container in containers
        for mount in at(container, "volumeMounts") or ()
        if at(mount, "name") in logs and at(mount, "readOnly") is not True
    ]
    return bool(logs) and not writes and set(folders.values()) <= {_PODS, f"{_STATE}{namespace}"}


def _is_rightless(containers: Any) -> bool:
    for container in containers or ():
        security = at(container, "securityContext")
        if security is UNKNOWN or not isinstance(security, dict) or security.get("privileged"):
            return False
        if security.get("allowPrivilegeEscalation") is not False or security.get("capabilities") != {"drop": ["ALL"]}:
            return False
        if any("hostPort" in port for port in at(container, "ports") or () if isinstance(port, dict)):
            return False
    return True
