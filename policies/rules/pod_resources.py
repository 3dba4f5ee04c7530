"""K7: Containers say what they take at the most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict
from policies.rules._pods import TYPES, Pod, judged, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    for one in pod.containers():
        if one.group == "ephemeralContainers":
            continue  # Kubernetes lets them have none
        for kind in ("cpu", "memory"):
            found = one.get(f"resources.limits.{kind}")
            yield one.must(f"resources.limits.{kind}", found, found is not None, "set")


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


RULE = Rule(
    id="K7",
    name="pod-resources",
    title="Containers say what they take at the most",
    sources=("CKV_K8S_10", "CKV_K8S_11", "CKV_K8S_12", "CKV_K8S_13"),
    severity="medium",
    remedy="set resources.limits.cpu and resources.limits.memory; requests follow from them where they are not set",
    types=TYPES,
    check=_check,
)
