"""K11: Namespaces refuse pods that ask for rights, and nothing lies in the namespace default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules import _log_agent, _pods

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_NAMESPACE = "kubernetes:core/v1:Namespace"
_LABEL = "pod-security.kubernetes.io/enforce"


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    makers = [one for one in resources if one.type in _pods.TYPES]
    for resource in resources:
        if resource.type == _NAMESPACE:
            yield resource, _level(resource, makers)
    for resource in makers:
        yield resource, _place(resource)


def _level(namespace: Resource, makers: Sequence[Resource]) -> Verdict:
    labels = namespace.get("metadata.labels")
    found = labels.get(_LABEL) if isinstance(labels, dict) else labels
    if found is UNKNOWN:
        return unknown("metadata.labels")
    if found == "restricted":
        return PASS
    inside = [one for one in makers if one.get("metadata.namespace") == namespace.physical_name]
    if inside and all(_log_agent.is_log_agent(one) for one in inside):
        return PASS
    return fail("metadata.labels", f"metadata.labels must have {_LABEL}: restricted, found {found}")


def _place(resource: Resource) -> Verdict:
    found = resource.get("metadata.namespace")
    path = "metadata.namespace"
    if found is UNKNOWN:
        return unknown(path)
    if found in {None, "", "default"}:
        return fail(path, f"{path} must be a namespace of its own, found {found or 'nothing'}")
    return PASS


RULE = StackRule(
    id="K11",
    name="namespace-restricted",
    title="Namespaces refuse pods that ask for rights",
    sources=("CKV_K8S_21", "PSA"),
    severity="high",
    remedy="label the namespace with pod-security.kubernetes.io/enforce: restricted, and put pods into such a one",
    check=_check,
)
