"""Revisions of a function on Knative, and the traffic of its Service, which says which of them answer.

What a rollback turned away is kept in an annotation of the Service; the components write the same traffic and the same
annotation when they update it, so that the next preview is empty (docs/rollout.md).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import tenacity

from slipway.core.errors import EngineError
from slipway.kube import services
from slipway.kube.clients import ConflictError
from slipway.running.releases import Release, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.kube.clients import Kube
    from slipway.running.releases import Move

_WAIT_S = 120
_LOOK_S = 0.5


def read(kube: Kube, name: str) -> Release | None:
    """How a function's calls are shared out, and which revisions there are.

    Returns:
        None when there is no such Service, or when no revision of it has ever been ready.

    Raises:
        EngineError: The cluster cannot be asked.
    """
    service = services.read(kube, name)
    if service is None:
        return None
    release = pointer(name, service)
    if release is None:
        return None
    return dataclasses.replace(release, versions=tuple(map(_version, services.revisions(kube, name))))


def pointer(name: str, service: Mapping[str, Any]) -> Release | None:
    """How a Service shares out its calls, as it shall be; its revisions are not read.

    Returns:
        None when no revision has ever been ready.
    """
    latest = (service.get("status") or {}).get("latestReadyRevisionName")
    if latest is None:
        return None  # also where the first revision is named already
    parts: list[tuple[str, int, bool]] = []
    for one in services.traffic(service, "spec") or [{"latestRevision": True, "percent": 100}]:
        revision = str(one.get("revisionName") or latest)
        parts.append((revision, int(one.get("percent") or 0), one.get("tag") == services.CANDIDATE))
    stable = next((revision for revision, _, is_candidate in parts if not is_candidate), None)
    if stable is None:
        return None
    candidate = next(((revision, percent) for revision, percent, is_candidate in parts if is_candidate), None)
    # A canary whose new revision is not ready yet: the route still sends its part to the last one that was.
    is_real = candidate is not None and candidate[0] != stable
    return Release(
        function=name,
        stable=stable,
        candidate=candidate[0] if candidate and is_real else None,
        percent=candidate[1] if candidate and is_real else 0,
        rejected=tuple(filter(None, (_annotations(service).get(services.REJECTED) or "").split(","))),
        latest=(service.get("status") or {}).get("latestCreatedRevisionName"),
    )


def move(kube: Kube, release: Release, to: Move) -> None:
    """Give all calls to one revision, and wait until the gateway does so.

    Raises:
        EngineError: Somebody else has changed the Service meanwhile, or it does not get ready.
    """
    name = release.function
    service = services.read(kube, name)
    now = pointer(name, service) if service else None
    if service is None or now is None or (now.stable, now.candidate) != (release.stable, release.candidate):
        raise _moved(kube, name)
    body = {
        "metadata": {
            "resourceVersion": service["metadata"]["resourceVersion"],
            "annotations": {services.REJECTED: ",".join(to.rejected) or None},
        },
        # By name also where it is the newest, as the components write it.
        "spec": {"traffic": [{"latestRevision": False, "revisionName": to.to.name, "percent": 100}]},
    }
    try:
        kube.patch(services.path(kube, name), body, who=name)
    except ConflictError as error:
        raise _moved(kube, name) from error
    _wait(kube, name, to.to.name)


def hash_of(revision: Mapping[str, Any]) -> str:
    """What a revision is made of: the hash of its template, or its name where nobody noted one."""
    return str(_annotations(revision).get(services.TEMPLATE) or revision["metadata"]["name"])


def _moved(kube: Kube, name: str) -> EngineError:
    return EngineError(
        f"{name}: its Service was changed by somebody else meanwhile; what to do: look with `slipway list -s "
        f"{kube.environment}`, then run the same command again"
    )


def _wait(kube: Kube, name: str, revision: str) -> None:
    """Wait until the gateway sends all calls to a revision."""

    def look() -> tuple[bool, str]:
        service = services.read(kube, name) or {"metadata": {}}
        status, why = services.condition(service, "RoutesReady")
        shares = {one.get("revisionName"): one.get("percent") for one in services.traffic(service)}
        done = services.is_current(service) and status == "True" and shares.get(revision) == 100  # noqa: PLR2004
        return done, why or f"RoutesReady is {status}"

    try:
        tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda seen: not seen[0]),
            stop=tenacity.stop_after_delay(_WAIT_S),
            wait=tenacity.wait_fixed(_LOOK_S),
        )(look)
    except tenacity.RetryError as error:
        why = error.last_attempt.result()[1]
        raise EngineError(
            f"{name}: all calls shall go to {revision}, but after {_WAIT_S} s the gateway does not do so yet ({why}); "
            f"what to do: look with `slipway list -s {kube.environment}`, and at the cluster (`slipway cluster status` "
            "for the embedded one)"
        ) from error


def _version(revision: Mapping[str, Any]) -> Version:
    status, why = services.condition(revision)
    problem = None if status == "True" else f"it is not ready: {why or f'Ready is {status}'}"
    return Version(
        name=str(revision["metadata"]["name"]),
        identity=hash_of(revision),
        created=revision["metadata"].get("creationTimestamp"),
        problem=problem,
    )


def _annotations(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return found["metadata"].get("annotations") or {}
