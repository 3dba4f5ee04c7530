"""K9: Secrets are files, not environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict, unknown
from policies.judge.values import UNKNOWN, at
from policies.rules._pods import TYPES, Pod, judged, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    for one in pod.containers():
        for key, where in (("env", "valueFrom.secretKeyRef"), ("envFrom", "secretRef")):
            listed = one.get(key)
            if listed is UNKNOWN:
                yield unknown(f"{one.path}.{key}")
                continue
            for index, item in enumerate(listed or ()):
                found = at(item, where)
                yield one.must(f"{key}[{index}].{where}", found, found is None, "left out")


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


RULE = Rule(
    id="K9",
    name="pod-secret-files",
    title="Secrets are files, not environment variables",
    sources=("CKV_K8S_35",),
    severity="low",
    remedy="mount the secret as a volume",
    types=TYPES,
    check=_check,
    level="advisory",
)
