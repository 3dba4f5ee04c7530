"""K5: Containers cannot write to their own image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict
from policies.rules._pods import TYPES, Pod, judged, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    for one in pod.containers():
        found = one.get("securityContext.readOnlyRootFilesystem")
        yield one.must("securityContext.readOnlyRootFilesystem", found, found is True, "true")


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


RULE = Rule(
    id="K5",
    name="pod-read-only",
    title="Containers cannot write to their own image",
    sources=("CKV_K8S_22",),
    severity="medium",
    remedy="set securityContext.readOnlyRootFilesystem to true and mount an emptyDir where it must write",
    types=TYPES,
    check=_check,
)
