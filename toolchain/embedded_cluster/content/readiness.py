"""Whether what runs in the cluster is ready, and if not, why not.

A pod counts when its containers began after the node did: right after a restart the API server still tells what was
true before.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from toolchain.embedded_cluster.errors import EmbeddedClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from toolchain.embedded_cluster.content.manifests import Document
    from toolchain.embedded_cluster.context import Context

_LOG_LINES = 8
_PLURALS = {"Deployment": "deployments", "DaemonSet": "daemonsets"}


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Workload:
    """A Deployment or DaemonSet that must run.

    Attributes:
        namespace: Its namespace.
        kind: `Deployment` or `DaemonSet`.
        name: Its name.
    """

    namespace: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """How a workload is.

    Attributes:
        workload: Which one.
        exists: Whether the API server knows it.
        ready: Whether all its pods are ready.
        why: What keeps it from being ready, in words.
        pod: Name of a pod that keeps it from being ready, or None.
    """

    workload: Workload
    exists: bool
    ready: bool
    why: str = ""
    pod: str | None = None


def workloads(documents: Iterable[Document]) -> list[Workload]:
    """What must run of these documents, sorted; those that begin with no replica are left to their controllers."""
    return sorted(
        Workload(document["metadata"]["namespace"], document["kind"], document["metadata"]["name"])
        for document in documents
        if document["kind"] in _PLURALS and document["spec"].get("replicas", 1) > 0
    )


def look(context: Context, wanted: Sequence[Workload]) -> list[Finding]:
    """How the workloads are now; one request for each kind and one for each namespace's pods.

    Raises:
        EmbeddedClusterError: The API server does not answer.
    """
    objects: dict[Workload, Document] = {}
    for kind, plural in _PLURALS.items():
        for item in _items(context, f"/apis/apps/v1/{plural}"):
            objects[Workload(item["metadata"]["namespace"], kind, item["metadata"]["name"])] = item
    spaces = sorted({workload.namespace for workload in wanted})
    pods = {space: _items(context, f"/api/v1/namespaces/{space}/pods") for space in spaces}
    return [judge(workload, objects.get(workload), pods[workload.namespace], context.booted_at) for workload in wanted]


def judge(workload: Workload, found: Document | None, pods: Sequence[Document], booted_at: dt.datetime) -> Finding:
    """How one workload is.

    Args:
        workload: Which one.
        found: The object, or None.
        pods: Pods of its namespace.
        booted_at: When the node started.
    """
    if found is None:
        return Finding(workload, exists=False, ready=False, why="it does not exist")
    status = found.get("status", {})
    if status.get("observedGeneration", 0) < found["metadata"].get("generation", 1):
        return Finding(workload, exists=True, ready=False, why="its controller has not seen it yet")
    labels = found["spec"]["selector"]["matchLabels"].items()
    own = [pod for pod in pods if labels <= (pod["metadata"].get("labels") or {}).items() and _current(pod)]
    needed = found["spec"].get("replicas", 1)
    updated = status.get("updatedReplicas", status.get("updatedNumberScheduled", 0))
    bad = [(pod, why) for pod in own if (why := _why_not(pod, booted_at))]
    if len(own) - len(bad) >= needed and updated >= needed and not bad:
        return Finding(workload, exists=True, ready=True)
    if bad:
        pod, why = bad[0]
        return Finding(workload, exists=True, ready=False, why=why, pod=pod["metadata"]["name"])
    conditions = [c for c in status.get("conditions", ()) if c["status"] != "True" or c["type"] == "ReplicaFailure"]
    said = "; ".join(c["message"] for c in conditions if c.get("message"))
    return Finding(workload, exists=True, ready=False, why=said or "it has no pod yet")


def explain(context: Context, findings: Sequence[Finding]) -> str:
    """What is not ready and why, a paragraph for each, with the end of the log where a container ended."""
    return "\n".join(_explained(context, finding) for finding in findings if not finding.ready)


def _explained(context: Context, finding: Finding) -> str:
    text = f"  - {finding.workload} is not ready: {finding.why}"
    if finding.pod is None:
        return text
    place = ("-n", finding.workload.namespace)
    for title, arguments in (
        ("log", ("logs", *place, finding.pod, f"--tail={_LOG_LINES}", "--all-containers", "--ignore-errors")),
        ("log before its last end", ("logs", *place, finding.pod, f"--tail={_LOG_LINES}", "--previous")),
        ("events", ("events", *place, f"--for=pod/{finding.pod}", "--types=Warning", "--no-headers")),
    ):
        try:
            said = context.kubectl(*arguments).strip()
        except EmbeddedClusterError:
            continue  # no such log: the message stands without it
        if said and not said.startswith("No events"):
            lines = "\n".join(f"      {line}" for line in said.splitlines()[-_LOG_LINES:])
            text += f"\n    {title}:\n{lines}"
    return text


def _items(context: Context, path: str) -> list[Any]:
    answer = context.api.get(path)
    return list(answer["items"]) if answer else []


def _current(pod: Document) -> bool:
    """Whether a pod counts: not on its way out, not left over from an eviction."""
    return "deletionTimestamp" not in pod["metadata"] and pod.get("status", {}).get("phase") != "Failed"


def _why_not(pod: Document, booted_at: dt.datetime) -> str:
    """Why a pod is not ready; empty when it is."""
    status = pod.get("status", {})
    states = list(status.get("containerStatuses", ()))
    for container in states:
        running = container.get("state", {}).get("running")
        if running is None:
            return _stopped(container)
        if dt.datetime.fromisoformat(running["startedAt"]) < booted_at:
            return "it has not begun again since the node started"
    conditions = {condition["type"]: condition for condition in status.get("conditions", ())}
    if conditions.get("Ready", {}).get("status") == "True" and states:
        return ""
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return f"no room on the node: {scheduled.get('message', '')}"
    return "it is running and not ready yet" if states else "its pod has not begun"


def _stopped(container: Document) -> str:
    for manner, about in container.get("state", {}).items():
        end = container.get("lastState", {}).get("terminated", {})
        last = f" (it ended with status {end['exitCode']} before)" if "exitCode" in end else ""
        message = f": {about['message']}" if about.get("message") else ""
        return f"{container['name']} is {manner}, {about.get('reason', 'no reason given')}{message}{last}"
    return f"{container['name']} has no state yet"
