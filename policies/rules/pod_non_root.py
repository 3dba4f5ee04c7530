"""K1: Containers do not run as root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict
from policies.rules._pods import TYPES, Pod, judged, must, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    if pod.is_log_agent:
        return
    user = pod.get("securityContext.runAsUser")
    yield must(f"{pod.path}.securityContext.runAsUser", user, user != 0, "a user other than 0")
    for one in pod.containers():
        found = one.security("runAsNonRoot")
        yield one.must("securityContext.runAsNonRoot", found, found is True, "true")
        user = one.get("securityContext.runAsUser")
        yield one.must("securityContext.runAsUser", user, user != 0, "a user other than 0")


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


RULE = Rule(
    id="K1",
    name="pod-non-root",
    title="Containers do not run as root",
    sources=("CKV_K8S_23", "PSS-restricted"),
    severity="high",
    remedy="set securityContext.runAsNonRoot to true in each container, and a runAsUser other than 0",
    types=TYPES,
    check=_check,
)
