"""What Knative says about deployed functions."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from slipway.core.errors import EngineError
from slipway.kube import letters, releases, services
from slipway.running.inventory import MISSING, NOT_CHECKED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.kube.clients import Kube
    from slipway.running.inventory import Entry

_STATES = {"True": "active", "Unknown": "pending"}
# Kubernetes, "Resource units": plain bytes, decimal and binary suffixes.
_QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[kKMGT]i?)?")
_UNITS = {None: 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def check(kube: Kube, found: Iterable[Entry]) -> list[Entry]:
    """The same entries with what the cluster says now; what cannot be asked is `not checked`, and why."""
    entries = list(found)
    if not entries:
        return []
    try:
        listed = kube.list("serving.knative.dev/v1", "Service", namespace=kube.namespace)
        created = {
            str(one["metadata"]["name"]): str(one["metadata"]["creationTimestamp"]) for one in services.revisions(kube)
        }
    except EngineError as error:
        return [dataclasses.replace(entry, status=NOT_CHECKED, reason=str(error)) for entry in entries]
    known = {str(service["metadata"]["name"]): service for service in listed}
    dead: Mapping[str, int] | None
    try:
        dead, reason = letters.counts(kube), None
    except EngineError as error:
        dead, reason = None, str(error)
    return [
        dataclasses.replace(
            _checked(entry, known.get(entry.name), created),
            dead_letters=None if dead is None else dead.get(entry.name, 0),
            reason=reason,
        )
        for entry in entries
    ]


def _checked(entry: Entry, service: dict[str, Any] | None, created: Mapping[str, str]) -> Entry:
    if service is None:
        return dataclasses.replace(entry, status=MISSING)
    status, why = services.condition(service)
    release = releases.pointer(entry.name, service)
    latest = str((service.get("status") or {}).get("latestCreatedRevisionName") or "")
    state = _STATES.get(status if services.is_current(service) else "Unknown") or f"failed: {why}"
    return dataclasses.replace(
        entry,
        status=state,
        version=release.stable if release else None,
        canary=release.canary if release else None,
        memory_mb=_memory(service),
        last_change=created.get(latest, service["metadata"].get("creationTimestamp")),
    )


def _memory(service: Mapping[str, Any]) -> int | None:
    """Memory limit of a function in MB as Slipway counts them: of 1,048,576 bytes."""
    containers = service["spec"]["template"]["spec"].get("containers") or [{}]
    text = str(((containers[0].get("resources") or {}).get("limits") or {}).get("memory") or "")
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    unit = _BINARY.get(found["unit"] or "") or _UNITS.get(found["unit"])
    return round(float(found["number"]) * unit / 2**20) if unit else None
