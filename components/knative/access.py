"""Who may do what in the namespace of an environment: developers look, pipelines deploy, and nobody takes more.

A role lists kinds, not what the program of today makes: whoever deploys with it could not widen it, and the first
function with a schedule would need an administrator. What guards the environment is read only, whoever deploys:
namespace, quota, bounds, roles, admission and the log agent are made by the first update, which an administrator runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from components.base import Component
from components.knative.labels import metadata
from components.knative.site import DEAD_LETTERS, Site
from components.knative_args import Subjects

READ = ("get", "list", "watch")
WRITE = ("create", "delete", "get", "list", "patch", "update", "watch")

# What functions and what they share are made of, by API group.
DEPLOYED: Mapping[str, Sequence[str]] = {
    "": ("persistentvolumeclaims", "serviceaccounts", "services"),
    "apps": ("deployments",),
    "eventing.knative.dev": ("brokers", "triggers"),
    "messaging.knative.dev": ("channels", "subscriptions"),
    "networking.k8s.io": ("networkpolicies",),
    "serving.knative.dev": ("domainmappings", "services"),
    "sources.knative.dev": ("pingsources",),
}
"""Kinds that deployers create, change and delete."""

GUARDS: Mapping[str, Sequence[str]] = {
    "": ("limitranges", "namespaces", "resourcequotas"),
    "rbac.authorization.k8s.io": ("rolebindings", "roles"),
}
"""Kinds that guard an environment: deployers read them."""

# What the engine and `slipway` look at while they wait and when they tell why something failed.
_WATCHED: Mapping[str, Sequence[str]] = {
    "": ("endpoints", "events", "pods", "pods/log"),
    "apps": ("replicasets",),
    "discovery.k8s.io": ("endpointslices",),
    "events.k8s.io": ("events",),
    "serving.knative.dev": ("configurations", "revisions", "routes"),
}
_DEVELOPED: Mapping[str, Sequence[str]] = {
    "": ("events", "pods", "pods/log"),
    "events.k8s.io": ("events",),
    "eventing.knative.dev": ("brokers", "triggers"),
    "messaging.knative.dev": ("channels", "subscriptions"),
    "serving.knative.dev": ("configurations", "domainmappings", "revisions", "routes", "services"),
    "sources.knative.dev": ("pingsources",),
}
_RBAC = "rbac.authorization.k8s.io"

Rule = dict[str, Any]


def make_access(owner: Component, site: Site, depends_on: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
    """Create a role for each group of people and pipelines that somebody is in, and give it to them.

    Args:
        owner: The environment.
        site: Where it lies.
        depends_on: What must exist first.
    """
    knative = site.knative
    letters = {
        "apiGroups": [""],
        "resources": ["services/proxy"],
        "resourceNames": [f"http:{DEAD_LETTERS}:80"],
        "verbs": ["create", "get"],
    }
    roles: Mapping[str, tuple[Subjects, list[Rule]]] = {
        "developer": (knative.developers, rules_of(_DEVELOPED, READ)),
        "deployer": (
            knative.deployers,
            [*rules_of(DEPLOYED, WRITE), *rules_of(_joined(GUARDS, _WATCHED), READ), letters],
        ),
        "previewer": (knative.previewers, rules_of(_joined(DEPLOYED, GUARDS, _WATCHED), READ)),
    }
    found: list[pulumi.Resource] = []
    for part, (subjects, rules) in roles.items():
        if given := subjects_of(subjects):
            found.extend(_make_role(owner, site, part, rules=rules, subjects=given, depends_on=depends_on))
    return found


def rules_of(kinds: Mapping[str, Sequence[str]], verbs: Sequence[str]) -> list[Rule]:
    """Rules of a role: these verbs on these kinds, by API group."""
    return [
        {"apiGroups": [group], "resources": sorted(resources), "verbs": list(verbs)}
        for group, resources in sorted(kinds.items())
    ]


def subjects_of(subjects: Subjects) -> list[Rule]:
    """Subjects of a binding."""
    found: list[Rule] = [
        {"kind": kind, "name": name, "apiGroup": _RBAC}
        for kind, names in (("User", subjects.users), ("Group", subjects.groups))
        for name in names
    ]
    for account in subjects.service_accounts:
        namespace, _, name = account.partition("/")
        found.append({"kind": "ServiceAccount", "name": name, "namespace": namespace})
    return found


def _make_role(
    owner: Component,
    site: Site,
    part: str,
    *,
    rules: Sequence[Rule],
    subjects: Sequence[Rule],
    depends_on: Sequence[pulumi.Resource],
) -> Iterable[pulumi.Resource]:
    name = f"slipway-{part}"
    role = owner.child(
        part, Role, {"metadata": metadata(owner, name, site.namespace), "rules": rules}, depends_on=depends_on
    )
    yield role
    yield owner.child(
        f"{part}-binding",
        RoleBinding,
        {
            "metadata": metadata(owner, name, site.namespace),
            "role_ref": {"apiGroup": _RBAC, "kind": "Role", "name": name},
            "subjects": subjects,
        },
        depends_on=[role],
    )


def _joined(*parts: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    groups = sorted({group for part in parts for group in part})
    return {group: [kind for part in parts for kind in part.get(group, ())] for group in groups}
