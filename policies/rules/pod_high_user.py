"""K10: Containers run as a user that the node does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.rule import Rule, Verdict
from policies.rules._pods import TYPES, Pod, judged, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource


_LOWEST = 10000


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    if pod.is_log_agent:
        return
    for one in pod.containers():
        found = one.security("runAsUser")
        yield one.must("securityContext.runAsUser", found, _is_high(found), f"{_LOWEST} or more")


def _is_high(user: Any) -> bool:
    return isinstance(user, int) and user >= _LOWEST


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


RULE = Rule(
    id="K10",
    name="pod-high-user",
    title="Containers run as a user that the node does not have",
    sources=("CKV_K8S_40",),
    severity="low",
    remedy="set securityContext.runAsUser to 10000 or more",
    types=TYPES,
    check=_check,
    level="advisory",
)
