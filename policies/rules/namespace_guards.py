"""K12: Namespaces have a policy that denies, a quota and bounds of containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN, items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policies.judge.values import Resource

_NAMESPACE = "kubernetes:core/v1:Namespace"
_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
_BOUNDS = {
    "a ResourceQuota": "kubernetes:core/v1:ResourceQuota",
    "a LimitRange": "kubernetes:core/v1:LimitRange",
}
_DIRECTIONS = {"Ingress", "Egress"}


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    for resource in resources:
        if resource.type == _NAMESPACE:
            yield resource, _guarded(resource, resources)


def _guarded(namespace: Resource, resources: Sequence[Resource]) -> Verdict:
    name = namespace.get("metadata.name")
    if name is UNKNOWN:
        return unknown("metadata.name")
    inside = [one for one in resources if one.get("metadata.namespace") in {name, UNKNOWN}]
    certain = [one for one in inside if one.get("metadata.namespace") is not UNKNOWN]
    needed = {"a NetworkPolicy that denies both directions for all pods": _is_deny} | {
        what: _of(type_) for what, type_ in _BOUNDS.items()
    }
    missing = [what for what, is_it in needed.items() if not any(is_it(one) for one in certain)]
    if not missing:
        return PASS
    if all(any(is_it(one) for one in inside) for is_it in needed.values()):
        return unknown("metadata.name")
    return fail("metadata.name", f"the namespace must have {', '.join(missing)}")


def _of(type_: str) -> Callable[[Resource], bool]:
    return lambda resource: resource.type == type_


def _is_deny(resource: Resource) -> bool:
    if resource.type != _POLICY:
        return False
    selector, types = resource.get("spec.podSelector"), resource.get("spec.policyTypes")
    if selector is UNKNOWN or types is UNKNOWN:
        return False
    return not any((selector or {}).values()) and set(items(types)) >= _DIRECTIONS


RULE = StackRule(
    id="K12",
    name="namespace-guards",
    title="Namespaces have a policy that denies, a quota and bounds of containers",
    sources=("kyverno add-networkpolicy", "kyverno add-ns-quota", "NSA"),
    severity="high",
    remedy="make a NetworkPolicy of all pods and both directions, a ResourceQuota and a LimitRange in it",
    check=_check,
)
