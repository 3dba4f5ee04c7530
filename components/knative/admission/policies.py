"""The table as objects of the cluster: a policy and its binding for what is refused, and one for what is only said."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.admissionregistration.v1 import ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding

from components.base import Component
from components.knative.admission import table
from components.knative.admission.table import GUARDS, OF_GUARDS, OF_PODS, PODS, VARIABLES, Control
from components.knative.labels import DOMAIN, metadata
from components.knative.site import Site

# What a controller makes of an object that was judged is judged as pods; what changes nothing of them is left alone, so
# that what was there before can still end.
_BY_PEOPLE = {
    "name": "not-by-a-controller",
    "expression": "object.kind == 'Pod' || !object.metadata.?ownerReferences.orValue([]).exists(o, "
    "o.?controller.orValue(false))",
}
_CHANGED = {
    "name": "changed",
    "expression": "request.operation == 'CREATE' || object.spec != oldObject.spec",
}
_ACTIONS: Mapping[str, Sequence[str]] = {"mandatory": ("Deny",), "advisory": ("Audit", "Warn")}


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """What a policy is about.

    Attributes:
        controls: The rules.
        spec: Which objects it looks at, and names for what several rules look at.
    """

    controls: Sequence[Control]
    spec: Mapping[str, Any]


def of_functions() -> Mapping[str, Subject]:
    """What is judged in the namespace of functions."""
    return {"pods": _of_pods(OF_PODS), "guards": Subject(OF_GUARDS, {"matchConstraints": _matched(GUARDS)})}


def of_agents(state: str) -> Mapping[str, Subject]:
    """What is judged in the namespace of the log agent.

    Args:
        state: The folder of the node that agents may write to.
    """
    guards = [control for control in OF_GUARDS if control.rule in {"K12", "K13"}]
    return {
        "pods": _of_pods(table.of_agents(state)),
        "guards": Subject(guards, {"matchConstraints": _matched(GUARDS)}),
    }


def make_admission(
    owner: Component,
    site: Site,
    namespace: str,
    subjects: Mapping[str, Subject],
    depends_on: Sequence[pulumi.Resource],
    *,
    prefix: str = "",
) -> list[pulumi.Resource]:
    """Create what the cluster refuses in a namespace, and what it says about the rest.

    Args:
        owner: The environment.
        site: Where it lies.
        namespace: The namespace.
        subjects: What is judged, by name.
        depends_on: What must exist first.
        prefix: What their parts' names start with.
    """
    if not site.knative.admission:
        return []
    found: list[pulumi.Resource] = []
    for level, actions in _ACTIONS.items():
        for subject, spec in specs(subjects, site.knative.levels, level).items():
            called = subject if level == "mandatory" else f"{subject}-advice"
            part, name = f"{prefix}admission-{called}", f"{namespace}.{called}.{DOMAIN}"
            about = {"metadata": metadata(owner, name), "spec": spec}
            policy = owner.child(part, ValidatingAdmissionPolicy, about, depends_on=depends_on)
            binding = owner.child(
                f"{part}-binding",
                ValidatingAdmissionPolicyBinding,
                {"metadata": metadata(owner, name), "spec": binding_of(name, namespace, actions)},
                depends_on=[policy],
            )
            found += [policy, binding]
    return found


def specs(subjects: Mapping[str, Subject], levels: Mapping[str, str], level: str) -> Mapping[str, dict[str, Any]]:
    """Specifications of the policies of one level, by what they are about; none where no rule has that level.

    Args:
        subjects: What is judged, by name.
        levels: Levels of rules, by id; others have that of the table.
        level: `mandatory` or `advisory`.
    """
    found = {}
    for name, subject in subjects.items():
        kept = [one for one in subject.controls if levels.get(one.rule, _level(one)) == level]
        if kept:
            validations = [{"expression": one.right, "message": f"{one.rule}: {one.says}"} for one in kept]
            found[name] = {"failurePolicy": "Fail", **subject.spec, "validations": validations}
    return found


def binding_of(policy: str, namespace: str, actions: Sequence[str]) -> dict[str, Any]:
    """Specification of the binding of a policy to a namespace."""
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return {
        "policyName": policy,
        "matchResources": {"namespaceSelector": selector},
        "validationActions": list(actions),
    }


def _of_pods(controls: Sequence[Control]) -> Subject:
    return Subject(
        controls,
        {
            "matchConstraints": _matched(PODS),
            "matchConditions": [_BY_PEOPLE, _CHANGED],
            "variables": [{"name": name, "expression": text} for name, text in VARIABLES.items()],
        },
    )


def _level(control: Control) -> str:
    return "advisory" if control.advisory else "mandatory"


def _matched(kinds: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        "resourceRules": [
            {
                "apiGroups": [group],
                "apiVersions": ["*"],
                "operations": ["CREATE", "UPDATE"],
                "resources": list(resources),
            }
            for group, resources in kinds.items()
        ]
    }
