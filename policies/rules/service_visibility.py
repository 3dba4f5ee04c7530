"""K14: Knative Services are inside the cluster unless they say that they are public."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN

if TYPE_CHECKING:
    from policies.judge.values import Resource

_VISIBILITY = "networking.knative.dev/visibility"
_PUBLIC = "slipway.io/public"


def _check(resource: Resource) -> Verdict:
    labels, notes = resource.get("metadata.labels"), resource.get("metadata.annotations")
    inside = labels.get(_VISIBILITY) if isinstance(labels, dict) else labels
    said = notes.get(_PUBLIC) if isinstance(notes, dict) else notes
    if inside == "cluster-local" or said == "true":
        return PASS
    if inside is UNKNOWN:
        return unknown("metadata.labels")
    if said is UNKNOWN:
        return unknown("metadata.annotations")
    return fail(
        "metadata.labels",
        f"metadata.labels must have {_VISIBILITY}: cluster-local, or annotations {_PUBLIC}: true, found neither",
    )


RULE = Rule(
    id="K14",
    name="service-visibility",
    title="Knative Services are inside the cluster unless they say that they are public",
    sources=("own",),
    severity="high",
    remedy="label it networking.knative.dev/visibility: cluster-local, or annotate it slipway.io/public: 'true'",
    types=("kubernetes:serving.knative.dev/v1:Service",),
    check=_check,
)
