"""Which revision of a function gets which calls."""

from __future__ import annotations

from typing import Any

from components.function.args import Rollout

CANDIDATE = "candidate"
"""Tag of a revision that is not promoted yet; it has an address of its own, `candidate-{function}`."""


def traffic_of(identity: str, rollout: Rollout | None) -> list[dict[str, Any]]:
    """Traffic of a Knative Service.

    Without a rollout the newest revision takes all calls as soon as it is ready; so does the first one of a rollout.
    One that is promoted, or that a rollback went back to, stays bound by its name, as the command line has left it.
    What a rollback turned away gets none. Everything else gets its share beside the stable revision.

    Args:
        identity: Identity of the template that is about to be deployed.
        rollout: How a new version takes over.
    """
    pointer = rollout.pointer if rollout else None
    if rollout is not None and pointer is not None and pointer.current == identity and pointer.pinned:
        return [_pinned(pointer.stable, 100)]
    if rollout is None or pointer is None or pointer.current == identity:
        return [{"latestRevision": True, "percent": 100}]
    if pointer.rejects(identity):
        return [_pinned(pointer.stable, 100)]
    return [
        _pinned(pointer.stable, 100 - rollout.canary),
        {"latestRevision": True, "percent": rollout.canary, "tag": CANDIDATE},
    ]


def _pinned(revision: str, percent: int) -> dict[str, Any]:
    """Traffic to one revision, spelt as Knative's webhook spells it, so that it does not come back as a difference."""
    return {"latestRevision": False, "revisionName": revision, "percent": percent}
