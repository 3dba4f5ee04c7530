"""K4: Containers may make only the usual system calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict
from policies.rules._pods import TYPES, Pod, judged, must, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource


_TYPES = ("RuntimeDefault", "Localhost")
_FIELD = "securityContext.seccompProfile.type"


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    found = pod.get(_FIELD)
    yield must(f"{pod.path}.{_FIELD}", found, found in {None, *_TYPES}, " or ".join(_TYPES))
    for one in pod.containers():
        found = one.security("seccompProfile.type")
        yield one.must(_FIELD, found, found in _TYPES, " or ".join(_TYPES))


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


RULE = Rule(
    id="K4",
    name="pod-seccomp",
    title="Containers may make only the usual system calls",
    sources=("CKV_K8S_31", "PSS-restricted"),
    severity="medium",
    remedy="set securityContext.seccompProfile.type to RuntimeDefault in each container",
    types=TYPES,
    check=_check,
)
