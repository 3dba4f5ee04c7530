"""What the API server must hold before the kubelet of this boot starts; run once at each start of the node.

After a restart every object says what was true before it. Pods are marked as not ready, so that nobody counts on one
that is yet to be started again: the kubelet corrects it when it is.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from toolchain.embedded_cluster import network
from toolchain.embedded_cluster.api import Api
from toolchain.embedded_cluster.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

_READY = ("Ready", "ContainersReady")
_REASON = "NodeRestarted"


def not_ready(pod: dict[str, Any]) -> dict[str, Any] | None:
    """The change that takes a pod's readiness back; None when it does not claim any."""
    conditions = pod.get("status", {}).get("conditions", [])
    changes = [
        {"type": condition["type"], "status": "False", "reason": _REASON}
        for condition in conditions
        if condition["type"] in _READY and condition["status"] == "True"
    ]
    return {"status": {"conditions": changes}} if changes else None


def run(api: Api) -> None:
    """Bring what the last boot left behind to what is true now."""
    for pod in _pods(api):
        change = not_ready(pod)
        if change is not None:
            meta = pod["metadata"]
            api.patch(f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status", change)
    node = f"/api/v1/nodes/{network.NODE_NAME}"
    if api.get(node) is not None:
        condition = {"type": "Ready", "status": "Unknown", "reason": _REASON}
        api.patch(f"{node}/status", {"status": {"conditions": [condition]}})


def _pods(api: Api) -> Iterator[dict[str, Any]]:
    found = api.get("/api/v1/pods")
    yield from found["items"] if found else []


def main() -> None:
    """Prepare the cluster whose settings the command line has."""
    config = Config.from_json(sys.argv[1])
    with Api(f"https://{network.NODE_IP}:{network.API_PORT}", config.pki.client("supervisor")) as api:
        run(api)


if __name__ == "__main__":
    main()
