"""K2: Containers cannot gain privileges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict
from policies.rules._pods import TYPES, Pod, judged, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    for one in pod.containers():
        found = one.get("securityContext.allowPrivilegeEscalation")
        yield one.must("securityContext.allowPrivilegeEscalation", found, found is False, "false")
        found = one.get("securityContext.privileged")
        yield one.must("securityContext.privileged", found, found in {None, False}, "false")


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


RULE = Rule(
    id="K2",
    name="pod-no-escalation",
    title="Containers cannot gain privileges",
    sources=("CKV_K8S_20", "CKV_K8S_16", "PSS-restricted"),
    severity="critical",
    remedy="set securityContext.allowPrivilegeEscalation to false and leave privileged out",
    types=TYPES,
    check=_check,
)
