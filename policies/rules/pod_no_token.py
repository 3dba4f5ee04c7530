"""K6: Pods have accounts of their own and no token for the API server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict, unknown
from policies.judge.values import UNKNOWN, at
from policies.rules._pods import TYPES, Pod, judged, must, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    name = pod.get("serviceAccountName")
    own = isinstance(name, str) and name not in {"", "default"}
    yield must(f"{pod.path}.serviceAccountName", name, own, "an account of its own")
    if pod.is_log_agent:
        return
    found = pod.get("automountServiceAccountToken")
    yield must(f"{pod.path}.automountServiceAccountToken", found, found is False, "false")
    for path, volume in pod.each("volumes"):
        sources = at(volume, "projected.sources")
        if sources is UNKNOWN:
            yield unknown(f"{path}.projected.sources")
            continue
        for source in sources or ():
            token = at(source, "serviceAccountToken")
            yield must(f"{path}.projected.sources", token, token is None, "anything but a token")


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


RULE = Rule(
    id="K6",
    name="pod-no-token",
    title="Pods have accounts of their own and no token for the API server",
    sources=("CKV_K8S_38", "CKV_K8S_41", "CKV_K8S_43"),
    severity="high",
    remedy="set serviceAccountName to an account of its own and automountServiceAccountToken to false",
    types=TYPES,
    check=_check,
)
