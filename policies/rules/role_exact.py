"""K13: Roles name what they allow, and nobody takes more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.rule import Rule, Verdict, fail, unknown, worst
from policies.judge.values import UNKNOWN, at, items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource

_ROLES = ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "kubernetes:rbac.authorization.k8s.io/v1:Role")
_BINDINGS = (
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
)
_VERBS = frozenset({"*", "bind", "escalate", "impersonate"})
_MIGHTY = frozenset({"admin", "cluster-admin", "edit"})
_CROWDS = frozenset({"system:anonymous", "system:authenticated", "system:masters", "system:unauthenticated"})
_ACCOUNTS = "system:serviceaccounts"


def _check(resource: Resource) -> Verdict:
    return worst(_role(resource) if resource.type in _ROLES else _binding(resource))


def _role(resource: Resource) -> Iterator[Verdict]:
    rules = resource.get("rules")
    if rules is UNKNOWN:
        yield unknown("rules")
        return
    if resource.get("aggregationRule") is not None:
        yield fail("aggregationRule", "aggregationRule must be left out: what it adds up nobody sees here")
    for index, rule in enumerate(rules or ()):
        for key, wrong in (("apiGroups", {"*"}), ("resources", {"*", "*/*"}), ("verbs", _VERBS)):
            yield from _words(f"rules[{index}].{key}", at(rule, key), wrong)


def _words(path: str, found: Any, wrong: set[str] | frozenset[str]) -> Iterator[Verdict]:
    words = items(found)
    for word in words:
        if word is not UNKNOWN and (word in wrong or ("*" in wrong and word.startswith("*/"))):
            yield fail(path, f"{path} must name what it allows, found {word}")
    if UNKNOWN in words:
        yield unknown(path)


def _binding(resource: Resource) -> Iterator[Verdict]:
    role = resource.get("roleRef.name")
    if role is UNKNOWN:
        yield unknown("roleRef.name")
    elif resource.get("roleRef.kind") != "Role" and role in _MIGHTY:
        yield fail("roleRef.name", f"roleRef.name must be a role that names what it allows, found {role}")
    subjects = resource.get("subjects")
    if subjects is UNKNOWN:
        yield unknown("subjects")
        return
    for index, subject in enumerate(subjects or ()):
        path, name = f"subjects[{index}].name", at(subject, "name")
        if name is UNKNOWN:
            yield unknown(path)
        elif name in _CROWDS or name == _ACCOUNTS or str(name).startswith(f"{_ACCOUNTS}:"):
            yield fail(path, f"{path} must be somebody, found {name}")


RULE = Rule(
    id="K13",
    name="role-exact",
    title="Roles name what they allow, and nobody takes more",
    sources=("CKV_K8S_49", "CKV_K8S_157", "CKV_K8S_158"),
    severity="high",
    remedy="list groups, resources and verbs, without *, bind, escalate and impersonate; bind to people by name",
    types=(*_ROLES, *_BINDINGS),
    check=_check,
)
