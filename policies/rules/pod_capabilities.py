"""K3: Containers have no capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict, unknown
from policies.judge.values import UNKNOWN, items
from policies.rules._pods import TYPES, Pod, judged, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource


_ADDED = {"NET_BIND_SERVICE"}


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    for one in pod.containers():
        dropped, added = one.get("securityContext.capabilities.drop"), one.get("securityContext.capabilities.add")
        yield one.must(
            "securityContext.capabilities.drop", dropped, bool({"ALL", UNKNOWN} & set(items(dropped))), "[ALL]"
        )
        if UNKNOWN in items(dropped) and "ALL" not in items(dropped):
            yield unknown(f"{one.path}.securityContext.capabilities.drop")
        known = [name for name in items(added) if name is not UNKNOWN]
        allowed = "[NET_BIND_SERVICE] or nothing"
        yield one.must("securityContext.capabilities.add", added, set(known) <= _ADDED, allowed)
        if UNKNOWN in items(added):
            yield unknown(f"{one.path}.securityContext.capabilities.add")


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


RULE = Rule(
    id="K3",
    name="pod-capabilities",
    title="Containers have no capabilities",
    sources=("CKV_K8S_37", "CKV_K8S_28", "PSS-restricted"),
    severity="high",
    remedy="set securityContext.capabilities.drop to [ALL] and add nothing but NET_BIND_SERVICE",
    types=TYPES,
    check=_check,
)
