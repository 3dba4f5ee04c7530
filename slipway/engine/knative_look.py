"""Why a Knative Service does not get ready: its conditions, down to the pod's last words.

A Service shows what its Configuration and Route say, the Configuration shows the newest Revision, the Revision what
its Deployment and pods say; but events of pods, reasons of waiting containers and logs are shown by nobody. Sources:
Knative Serving 1.21 (`pkg/apis/serving/v1`), Kubernetes API `core/v1`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.core.errors import SlipwayError
from slipway.engine.steps import name_of, type_of
from slipway.running.log_text import text_of_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from slipway.kube.clients import Kube

SERVICE = "kubernetes:serving.knative.dev/v1:Service"
_SERVING = "serving.knative.dev/v1"
_REVISION_LABEL = "serving.knative.dev/revision"
_SIDECAR = "queue-proxy"
_LOG_LINES = 6
_MAX_TEXT = 300
_MAX_PODS = 3
# How a container ended that had something to say itself: then its message is the end of its log, which is read below.
_OWN_ENDS = frozenset({"Error", "Completed", "OOMKilled"})
# The reason once more, without the registry's answer that another event of the same reason has.
_BARE = frozenset({"Error: ErrImagePull", "Error: ImagePullBackOff"})
_LOG_IN_MESSAGE = "Container failed with"
_SAID = "said: "
# What only says that something below is not ready, or is still under way.
_ECHOES = frozenset({"RevisionFailed", "RevisionMissing", "Deploying", "Unknown", "ContainersNotReady", "OutOfDate"})


def look(kube: Kube, namespace: str, urns: Iterable[str]) -> list[str]:
    """What the cluster says about the Services among some resources, a line each, beginning with the function.

    It never raises: what cannot be read is said to be not checked.
    """
    lines: list[str] = []
    for name in dict.fromkeys(name_of(urn) for urn in urns if type_of(urn) == SERVICE):
        try:
            lines += [f"{name}: {line}" for line in _service(kube, namespace, name)]
        except SlipwayError as error:
            lines.append(f"{name}: not checked why it is not ready: {error}")
    return lines


def _service(kube: Kube, namespace: str, name: str) -> Iterator[str]:
    service = kube.find(_SERVING, "Service", name, namespace=namespace)
    if service is None:
        return
    configuration = kube.find(_SERVING, "Configuration", name, namespace=namespace) or {}
    latest = (configuration.get("status") or {}).get("latestCreatedRevisionName")
    revision = kube.find(_SERVING, "Revision", latest, namespace=namespace) if latest else None
    told: set[str] = set()
    chain = (("", service), ("its configuration: ", configuration), (f"revision {latest}: ", revision or {}))
    for what, found in chain:
        for text in _conditions(found):
            if text not in told:
                told.add(text)
                yield f"{what}{text}"
    if latest is None:
        return
    yield from _no_pods(kube, namespace, str(latest))
    pods = kube.list("v1", "Pod", namespace=namespace, labels={_REVISION_LABEL: str(latest)})
    for pod in pods[:_MAX_PODS]:
        for text in _pod(kube, namespace, pod):
            if text not in told:
                told.add(text)
                yield f"pod {pod['metadata']['name']}: {text}"
    if not any(text.startswith(_SAID) for text in told):
        # The pods are gone or say nothing; Knative has kept the end of a log.
        yield from (f"revision {latest}: {_SAID}{words}" for words in _kept_log(revision or {}))


def _kept_log(revision: Mapping[str, Any]) -> Iterator[str]:
    """The end of a container's log that Knative put into a condition."""
    for condition in (revision.get("status") or {}).get("conditions") or []:
        message = str(condition.get("message") or "")
        if message.startswith(_LOG_IN_MESSAGE):
            lines = message.removeprefix(_LOG_IN_MESSAGE).lstrip(": ").splitlines()
            yield from (_cut(words) for line in lines[-_LOG_LINES:] if (words := _words(line)))
            return


def _conditions(found: Mapping[str, Any]) -> Iterator[str]:
    """Conditions that are not fulfilled and say why."""
    for condition in (found.get("status") or {}).get("conditions") or []:
        reason = condition.get("reason") or ""
        is_unmet = condition.get("status") != "True" and condition.get("severity") != "Info"
        if is_unmet and reason not in _ECHOES and (reason or condition.get("message")):
            message = str(condition.get("message") or "")
            yield _sentence(reason, "the container failed" if message.startswith(_LOG_IN_MESSAGE) else message)


def _no_pods(kube: Kube, namespace: str, revision: str) -> Iterator[str]:
    """Why no pod may be made at all, a quota for instance: only events tell it once Knative has given up."""
    wanted = {"involvedObject.kind": "ReplicaSet", "reason": "FailedCreate", "type": "Warning"}
    refused = [
        event
        for event in kube.list("v1", "Event", namespace=namespace, fields=wanted)
        if str(event["involvedObject"]["name"]).startswith(f"{revision}-deployment-")
    ]
    for event in sorted(refused, key=_when)[-1:]:
        yield _sentence(event.get("reason"), event.get("message"))


def _pod(kube: Kube, namespace: str, pod: Mapping[str, Any]) -> Iterator[str]:
    status: Mapping[str, Any] = pod.get("status") or {}
    yield from _conditions(pod)
    statuses = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    for container in statuses:
        for state in (container.get("state") or {}, container.get("lastState") or {}):
            if waiting := state.get("waiting"):
                yield _sentence(waiting.get("reason"), waiting.get("message"))
            elif ended := state.get("terminated"):
                reason = str(ended.get("reason") or "")
                how = f"container {container['name']} exited with code {ended.get('exitCode')}"
                yield _sentence(reason, how if reason in _OWN_ENDS else ended.get("message") or how)
    yield from _warnings(kube, namespace, str(pod["metadata"]["name"]))
    for container in statuses:
        if container["name"] != _SIDECAR and not container.get("ready"):
            yield from _said(kube, namespace, str(pod["metadata"]["name"]), container)


def _said(kube: Kube, namespace: str, pod: str, container: Mapping[str, Any]) -> Iterator[str]:
    """The last words of a container: of the one that ended, where another was started in its place.

    Which of the two the API calls "previous" changes with each start, also between two of our calls, so where one has
    nothing to say the other is asked.
    """
    restarted = bool(container.get("restartCount"))
    for previous in (True, False) if restarted else (False,):
        text = kube.logs(pod, namespace=namespace, container=container["name"], lines=_LOG_LINES, previous=previous)
        words = [f"{_SAID}{_cut(found)}" for line in text.splitlines() if (found := _words(line))]
        if words:
            yield from words
            return


def _warnings(kube: Kube, namespace: str, pod: str) -> Iterator[str]:
    """The newest warning of each kind about a pod."""
    events = kube.list("v1", "Event", namespace=namespace, fields={"involvedObject.name": pod, "type": "Warning"})
    telling = (event for event in sorted(events, key=_when) if event.get("message") not in _BARE)
    newest = {event.get("reason"): event.get("message") for event in telling}
    for reason, message in newest.items():
        if reason not in {"BackOff", "FailedToRetrieveImagePullSecret"}:
            yield _sentence(reason, message)


def _words(line: str) -> str:
    """A line of a log on one line, without the frames of a traceback."""
    lines = text_of_message(line).splitlines()
    return " ".join(dict.fromkeys((lines[0], lines[-1]))) if lines else ""


def _when(event: Mapping[str, Any]) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def _sentence(reason: str | None, message: str | None) -> str:
    return _cut(": ".join(" ".join(part.split()) for part in (reason, message) if part))


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + " ..."
