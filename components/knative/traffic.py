"""Which revision of a function gets which calls."""

from __future__ import annotations

from typing import Any

from components.function.args import Rollout

CANDIDATE = "candidate"
"""Tag of a revision that is not promoted yet; it has an address of its own, `candidate-{function}`."""


def traffic_of(identity: str, revision: str, rollout: Rollout | None) -> list[dict[str, Any]]:
    """Traffic of a Knative Service.

    Without a rollout the newest revision takes all calls as soon as it is ready. With one, the main part is always
    bound to a revision by its name, the first one included: promotion and rollback write names too, and the provider
    keeps only those fields of what exists that the state knows; another spelling would come back as a difference.
    What a rollback turned away gets nothing. Everything else gets its share beside the stable revision.

    Args:
        identity: Identity of the template that is about to be deployed.
        revision: Name of the revision that it makes.
        rollout: How a new version takes over.
    """
    if rollout is None:
        return [{"latestRevision": True, "percent": 100}]
    pointer = rollout.pointer
    if pointer is None or pointer.current == identity:
        return [_pinned(revision if pointer is None else pointer.stable, 100)]
    if pointer.rejects(identity):
        return [_pinned(pointer.stable, 100)]
    return [
        _pinned(pointer.stable, 100 - rollout.canary),
        {"latestRevision": True, "percent": rollout.canary, "tag": CANDIDATE},
    ]


def _pinned(revision: str, percent: int) -> dict[str, Any]:
    """Traffic to one revision, spelt as Knative's webhook spells it, so that it does not come back as a difference."""
    return {"latestRevision": False, "revisionName": revision, "percent": percent}
