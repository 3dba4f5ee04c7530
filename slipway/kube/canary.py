"""Writes lines of the delivery canary as a short-lived pod in the functions' namespace would write a function's.

A function cannot be made to print what somebody wants, so a pod with its labels and a container of the same name
prints instead: the container runtime, the agent of the node and the store see no difference. It ends by itself and is
deleted at once, as pods of functions that are scaled to zero are. It lacks the labels by which Knative finds pods.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from slipway.core.errors import EngineError
from slipway.kube import services
from slipway.kube.causes import KUBE_CAUSES
from slipway.kube.clients import said
from slipway.running.canary import MARK, NUMBER
from slipway.running.causes import with_advice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.kube.clients import Kube
    from slipway.running.canary import Run

_OWN_LABELS = ("slipway.io/", "app.kubernetes.io/")
_RUN_S = 120
_LOOK_S = 0.5
_TIMEOUT_S = 60
_OK = range(200, 300)
_NOT_FOUND = 404
_PROGRAM = """
import datetime, json, sys
line, key, count = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    moment = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    print(json.dumps({**line, "timestamp": moment.replace("+00:00", "Z"), key: number}), flush=True)
"""


@contextlib.contextmanager
def planted(kube: Kube, function: str, printer: str, run: Run) -> Iterator[None]:
    """Have a pod write the lines; it is deleted before anybody looks for them.

    Args:
        kube: The cluster.
        function: Name of the function whose lines they are.
        printer: Name of a function whose image has Python, the same one where that can be.
        run: The lines.

    Raises:
        EngineError: The pod cannot be made, does not run, or fails.
    """
    who = f"{function}: canary"
    found = {name: services.read(kube, name) for name in (function, printer)}
    missing = next((name for name, service in found.items() if service is None), None)
    if missing is not None:
        raise EngineError(
            f"{function}: there is no Knative Service {kube.namespace}/{missing}; what to do: run "
            f"`slipway up -s {kube.environment}`"
        )
    pod = _pod(function, run, found[function] or {}, found[printer] or {})
    pods = f"/api/v1/namespaces/{kube.namespace}/pods"
    path = f"{pods}/{quote(pod['metadata']['name'])}"
    _send(kube, "POST", pods, pod, who)
    try:
        _wait(kube, path, who)
    finally:
        _send(kube, "DELETE", path, {}, who)
    yield


def _pod(function: str, run: Run, service: Mapping[str, Any], printer: Mapping[str, Any]) -> dict[str, Any]:
    template, spec = service["spec"]["template"], printer["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    marks = template["metadata"].get("labels") or {}
    labels = {key: value for key, value in marks.items() if key.startswith(_OWN_LABELS)}
    line = json.dumps({"level": run.level, "message": run.message, MARK: run.id})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            # As pods of the revision that runs are called: an agent that finds no labels any more goes by that.
            "name": f"{service['status']['latestCreatedRevisionName']}-d-canary-{run.id}",
            "labels": {**labels, services.SERVICE_LABEL: function},
            "annotations": template["metadata"].get("annotations") or {},
        },
        "spec": {
            "restartPolicy": "Never",
            "serviceAccountName": spec.get("serviceAccountName") or "default",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "imagePullSecrets": spec.get("imagePullSecrets") or [],
            "containers": [
                {
                    "name": "function",
                    "image": container["image"],
                    "command": ["python3", "-c", _PROGRAM, line, NUMBER, str(run.count)],
                    "resources": container.get("resources") or {},
                    "securityContext": container.get("securityContext") or {},
                }
            ],
        },
    }


def _wait(kube: Kube, path: str, who: str) -> None:
    """Wait for the end of the pod."""
    deadline = time.monotonic() + _RUN_S
    status: dict[str, Any] = {}
    while time.monotonic() < deadline:
        status = (kube.get(path, who=who) or {}).get("status") or {}
        if status.get("phase") == "Succeeded":
            return
        if status.get("phase") == "Failed":
            break
        time.sleep(_LOOK_S)
    raise EngineError(
        f"{who}: its pod does not run ({_reason(status)}); what to do: look at quotas and events of namespace "
        f"{kube.namespace}, and run `slipway verify -s {kube.environment}`"
    )


def _reason(status: Mapping[str, Any]) -> str:
    states = [one.get("state") or {} for one in status.get("containerStatuses") or []]
    reasons = [part["reason"] for state in states for part in state.values() if part.get("reason")]
    return ", ".join([str(status.get("phase") or "gone"), *reasons])


def _send(kube: Kube, method: str, path: str, body: Mapping[str, Any], who: str) -> None:
    headers = {"content-type": "application/json"}
    response = kube.send(
        method, path, headers=headers, body=json.dumps(body).encode(), read_timeout_s=_TIMEOUT_S, who=who
    )
    if response.status not in _OK and not (method == "DELETE" and response.status == _NOT_FOUND):
        raise EngineError(with_advice(KUBE_CAUSES, said(response), kube.environment, who))
