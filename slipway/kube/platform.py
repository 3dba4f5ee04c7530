"""Whether a cluster can be deployed to: it answers, serves a Knative that fits, and nothing is in the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import tenacity

from slipway.core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.kube.clients import Kube

MINIMUM = (1, 16)
"""Oldest Knative that is accepted; components use nothing that is newer. Tested with 1.21."""
_PARTS = {
    "Serving": ("serving.knative.dev/v1", "services.serving.knative.dev"),
    "Eventing": ("eventing.knative.dev/v1", "brokers.eventing.knative.dev"),
}
_VERSION_LABEL = "app.kubernetes.io/version"
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\..*)?")
_TERMINATING_S = 60.0
_SERVING, _OBSERVABILITY = "knative-serving", "config-observability"
_ENABLED, _TEMPLATE = "logging.enable-request-log", "logging.request-log-template"
# What the log agent knows a line of the request log by.
_MARK = '"slipway": "request"'


class NamespaceEndingError(EngineError):
    """The namespace is being deleted."""


def check(kube: Kube, *, eventing: bool) -> list[str]:
    """Make sure that a cluster can be deployed to.

    Args:
        kube: The cluster.
        eventing: Whether functions take events, so that Knative Eventing is needed too.

    Returns:
        What was not checked, a line each.

    Raises:
        EngineError: It cannot be reached, does not serve Knative, or serves one that is too old.
    """
    unchecked = []
    for title in ("Serving", "Eventing") if eventing else ("Serving",):
        api_version, crd = _PARTS[title]
        if not kube.serves(api_version):
            raise EngineError(
                f"{kube.environment}: the cluster of context {kube.context!r} does not serve Knative {title} "
                f"({api_version}); what to do: install it there (1.21 is what Slipway is tested with), or correct "
                f"slipway:kubeContext in stacks/Pulumi.{kube.environment}.yaml"
            )
        version = _version(kube, crd)
        if version is None:
            unchecked.append(f"version of Knative {title} not checked: the cluster does not tell it")
        elif version < MINIMUM:
            raise EngineError(
                f"{kube.environment}: the cluster of context {kube.context!r} has Knative {title} "
                f"{version[0]}.{version[1]}, at least {MINIMUM[0]}.{MINIMUM[1]} is needed; what to do: upgrade it"
            )
    return unchecked


def logs(kube: Kube) -> list[str]:
    """What a cluster lacks for its logs to arrive whole in log sinks, and what was not checked, a line each.

    Args:
        kube: The cluster.

    Raises:
        EngineError: It cannot be reached.
    """
    lines = ["size at which the kubelet rotates logs (containerLogMaxSize) not checked: only nodes know it"]
    try:
        found = kube.find("v1", "ConfigMap", _OBSERVABILITY, namespace=_SERVING)
    except EngineError as error:
        return [f"request logs of Knative not checked: {error}", *lines]
    data = (found or {}).get("data") or {}
    if data.get(_ENABLED) != "true":
        lines.insert(0, f'request logs of Knative are off: {_set(_ENABLED)} to "true", and {_TEMPLATE}')
    elif _MARK not in str(data.get(_TEMPLATE, "")):
        lines.insert(
            0,
            f"request logs of Knative have another form and arrive as text of the platform: {_set(_TEMPLATE)}",
        )
    return lines


def _set(key: str) -> str:
    return f"what to do: in ConfigMap {_SERVING}/{_OBSERVABILITY} set, as docs/sinks.md says, {key}"


def versions(kube: Kube) -> dict[str, str | None]:
    """Which Knative a cluster serves: `major.minor` of each part that is there, None where it does not tell.

    Raises:
        EngineError: It cannot be reached.
    """
    found: dict[str, str | None] = {}
    for title, (api_version, crd) in _PARTS.items():
        if kube.serves(api_version):
            version = _version(kube, crd)
            found[title] = None if version is None else f"{version[0]}.{version[1]}"
    return found


def wait_for_namespace(kube: Kube, timeout_s: float = _TERMINATING_S) -> None:
    """Wait until the namespace is not being deleted any more; nothing can be made in it before.

    Raises:
        NamespaceEndingError: It still is; the message says what it waits for.
        EngineError: The cluster cannot be asked.
    """
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(NamespaceEndingError),
        wait=tenacity.wait_fixed(1),
        stop=tenacity.stop_after_delay(timeout_s),
        reraise=True,
    )
    for attempt in retrying:
        with attempt:
            found = kube.find("v1", "Namespace", kube.namespace)
            if found is not None and (found.get("status") or {}).get("phase") == "Terminating":
                raise NamespaceEndingError(_ending(kube, found, timeout_s))


def _ending(kube: Kube, namespace: Mapping[str, Any], waited_s: float) -> str:
    conditions = (namespace.get("status") or {}).get("conditions") or []
    waits = [str(one["message"]) for one in conditions if one.get("status") == "True" and one.get("message")]
    why = f"; it waits: {' '.join(waits)}" if waits else ""
    return (
        f"{kube.environment}: namespace {kube.namespace} is being deleted since "
        f"{namespace['metadata'].get('deletionTimestamp')}, and still was after {waited_s:.0f} s{why}; what to do: "
        "have what it waits for removed (finalizers are taken off by the controller that set them), then run the same "
        "command again"
    )


def _version(kube: Kube, crd: str) -> tuple[int, int] | None:
    """Version of a part, from a label of one of its definitions; None when that does not tell."""
    try:
        found = kube.find("apiextensions.k8s.io/v1", "CustomResourceDefinition", crd)
    except EngineError:
        return None  # definitions are the cluster's: not everybody may read them
    labels = ((found or {}).get("metadata") or {}).get("labels") or {}
    match = _VERSION.fullmatch(str(labels.get(_VERSION_LABEL, "")))
    return (int(match[1]), int(match[2])) if match else None
