"""Knative Services and their revisions, as the API shows them (serving.knative.dev/v1, Knative 1.21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.kube.clients import Kube

SERVING = "/apis/serving.knative.dev/v1"
SERVICE_LABEL = "serving.knative.dev/service"
CANDIDATE = "candidate"
"""Tag of the part of the traffic that goes to a new revision."""
TEMPLATE = "slipway.io/template"
"""Annotation of each revision: hash of the template that it was made from."""
REJECTED = "slipway.io/rejected"
"""Annotation of a Service: hashes of templates that rollbacks turned away, comma separated, oldest first."""
_CLUSTER_LOCAL = ".svc.cluster.local"


def path(kube: Kube, name: str) -> str:
    """Path of a function's Service."""
    return f"{SERVING}/namespaces/{kube.namespace}/services/{name}"


def read(kube: Kube, name: str) -> dict[str, Any] | None:
    """The Service of a function; None when there is none.

    Raises:
        EngineError: The cluster cannot be asked.
    """
    return kube.get(path(kube, name), who=name)


def revisions(kube: Kube, name: str | None = None) -> list[dict[str, Any]]:
    """Revisions of a function, or of all functions of the environment, oldest first.

    Raises:
        EngineError: The cluster cannot be asked.
    """
    labels = {SERVICE_LABEL: name} if name else None
    found = kube.list("serving.knative.dev/v1", "Revision", namespace=kube.namespace, labels=labels)
    return sorted(found, key=lambda r: (r["metadata"]["creationTimestamp"], generation(r)))


def generation(revision: Mapping[str, Any]) -> int:
    """Which template of its Service a revision was made from, counted from 1; two may be made within one second."""
    labels = revision["metadata"].get("labels") or {}
    return int(labels.get("serving.knative.dev/configurationGeneration") or 0)


def condition(found: Mapping[str, Any], kind: str = "Ready") -> tuple[str, str]:
    """A condition of an object: its status (`True`, `False`, `Unknown`) and `reason: message`."""
    for one in (found.get("status") or {}).get("conditions") or []:
        if one.get("type") == kind:
            text = ": ".join(part for part in (one.get("reason"), one.get("message")) if part)
            return str(one.get("status")), " ".join(text.split())
    return "Unknown", ""


def is_current(found: Mapping[str, Any]) -> bool:
    """Whether an object's status speaks of its newest specification."""
    return bool((found.get("status") or {}).get("observedGeneration") == found["metadata"].get("generation"))


def traffic(service: Mapping[str, Any], part: str = "status") -> list[dict[str, Any]]:
    """How the calls are shared out: as it is (`status`), or as it shall be (`spec`)."""
    found: list[dict[str, Any]] = (service.get(part) or {}).get("traffic") or []
    return found


def is_public(service: Mapping[str, Any]) -> bool:
    """Whether a function can be called from outside the cluster."""
    host = urlsplit(str((service.get("status") or {}).get("url") or "")).hostname or ""
    return bool(host) and not host.endswith(_CLUSTER_LOCAL)


def local_host(kube: Kube, name: str, tag: str | None = None) -> str:
    """Host name of a function inside the cluster."""
    return f"{tag}-{name}.{kube.namespace}{_CLUSTER_LOCAL}" if tag else f"{name}.{kube.namespace}{_CLUSTER_LOCAL}"


def tagged_url(service: Mapping[str, Any], tag: str) -> str | None:
    """Address of a tagged part of the traffic; None when there is no such part."""
    return next((str(one["url"]) for one in traffic(service) if one.get("tag") == tag and one.get("url")), None)
