"""The template that revisions of a function are made from, and the name that follows from it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.base import Component
from components.canonical import compact
from components.function.args import FunctionArgs
from components.knative.labels import TEMPLATE, labels_of
from components.knative.resources import Resource
from components.knative.security_context import container_security

IDENTITY = 10
"""Hexadecimal digits of an identity."""

# A revision is `{function}-{identity}`, and Services are called after it: 63 characters.
NAME_LIMIT = 63 - 1 - IDENTITY

READY_PATH = "/_slipway/ready"
PORT = 8080

# Of the tags, those that say what a revision is. A commit or a tag of the operators makes no new one.
_MARKS = ("environment", "function", "managed-by", "owner")

_MB_PER_CPU = 1769  # Lambda gives a whole processor for them (its guide, "Configure memory")
_REQUESTED = 10  # an instance that waits for calls needs a tenth of its share
_START_CPU = 1000  # half a second of a processor is a start: with the share of 128 MB it would outlast most calls
_PROGRESS_S = 150
_START_S = 120
_TMP_MB = 512  # what Lambda gives


def cpu_of(memory_mb: int) -> tuple[str, str]:
    """Processor time that a function is promised and may use, for its memory.

    Args:
        memory_mb: Memory in MB.

    Returns:
        Request and limit, as Kubernetes itself writes them: another spelling would come back as a difference.
    """
    share = max(100, math.ceil(memory_mb * 1000 / _MB_PER_CPU))
    # Lambda, too, gives a function a whole processor while it starts, whatever its memory.
    return _milli(max(10, share // _REQUESTED)), _milli(max(share, _START_CPU))


def template_of(
    owner: Component,
    args: FunctionArgs,
    image: str,
    *,
    adjust: Callable[[dict[str, Any]], dict[str, Any]],
    account: str,
    variables: Mapping[str, Any],
    uses: Sequence[Resource],
) -> tuple[str, dict[str, Any]]:
    """The whole template of a function's revisions.

    Args:
        owner: The function.
        args: Its arguments.
        image: Image with digest.
        adjust: What the function's users change in it.
        account: Name of its service account.
        variables: Environment variables: text, or where their value comes from.
        uses: What it uses of the catalogue.

    Returns:
        Its identity, a hash of all that is in it, and the template. Its name follows from the identity, so that a
        preview already names the revision; Knative takes an old revision up again when its template comes back.
    """
    marks = {tag: owner.tags[tag] for tag in _MARKS if tag in owner.tags}
    labels, annotations = labels_of(marks | ({"code": args.code_digest} if args.code_digest else {}))
    annotations |= _scale(args) | {"serving.knative.dev/progress-deadline": f"{_PROGRESS_S}s"}
    template: dict[str, Any] = {
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": {
            "serviceAccountName": account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "containerConcurrency": args.concurrency,
            "timeoutSeconds": args.timeout_s,
            "containers": [_container(args, image, variables, uses)],
            "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": f"{_TMP_MB}Mi"}}],
        },
    }
    template = adjust(template)
    identity = hashlib.sha256(compact(template).encode()).hexdigest()[:IDENTITY]
    marked = template["metadata"]["annotations"] | {TEMPLATE: identity}
    named = template["metadata"] | {"name": f"{owner.name_of_component}-{identity}", "annotations": marked}
    return identity, template | {"metadata": named}


def _container(
    args: FunctionArgs, image: str, variables: Mapping[str, Any], uses: Sequence[Resource]
) -> dict[str, Any]:
    request, limit = cpu_of(args.memory_mb)
    memory = f"{args.memory_mb}Mi"
    # Of a container nothing is known but its port; what Slipway serves says itself when it is ready.
    probe: dict[str, Any] = {"tcpSocket": {"port": PORT}}
    if args.handler is not None:
        probe = {"httpGet": {"path": READY_PATH, "port": PORT}}
    secrets = sorted({use.secret for use in uses if use.secret is not None and use.kind != "secret"})
    # Everything that Knative would fill in stands here too. What its webhook adds to an object that is applied belongs
    # to whoever applied it: the next time without it takes it away, and a template of the same name must not change.
    container: dict[str, Any] = {
        "name": "function",
        "image": image,
        "ports": [{"name": "http1", "containerPort": PORT, "protocol": "TCP"}],
        "env": [_variable(name, value) for name, value in sorted(variables.items())],
        "resources": {"requests": {"cpu": request, "memory": memory}, "limits": {"cpu": limit, "memory": memory}},
        "securityContext": container_security(),
        "readinessProbe": {**probe, "successThreshold": 1},
        "startupProbe": {**probe, "periodSeconds": 1, "timeoutSeconds": 1, "failureThreshold": _START_S},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a folder of the container
    }
    if secrets:
        container["envFrom"] = [{"secretRef": {"name": name}} for name in secrets]
    return container


def _variable(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "value": value} if isinstance(value, str) else {"name": name, "valueFrom": value}


def _scale(args: FunctionArgs) -> dict[str, str]:
    bounds = {"min-scale": args.min_scale or None, "max-scale": args.max_scale}
    return {f"autoscaling.knative.dev/{bound}": str(value) for bound, value in bounds.items() if value is not None}


def _milli(cpu: int) -> str:
    return str(cpu // 1000) if cpu % 1000 == 0 else f"{cpu}m"
