"""Roles of developers and pipelines: what is in them, and that it is neither more nor less than what is made."""

import pytest

from components.knative.access import DEPLOYED, GUARDS
from components.knative_args import Subjects


def rules(engine, part):
    return {
        (group, resource): set(rule["verbs"])
        for rule in engine.named(f"dev-{part}", "Role").inputs["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def resource_of(made):
    group, _, _ = made["apiVersion"].rpartition("/")
    kind = made["kind"].lower()
    return group, f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def listed(kinds):
    return {(group, kind) for group, names in kinds.items() for kind in names}


def test_roles_come_with_whoever_has_them(to_knative, engine, a_knative):
    to_knative(knative=a_knative(developers=Subjects(groups=["shop"])))
    found = {(one.kind, one.name) for one in engine.registered if one.kind in {"Role", "RoleBinding"}}
    assert found == {("Role", "dev-developer"), ("RoleBinding", "dev-developer-binding")}


def test_subjects_are_those_of_the_settings(to_knative, engine, a_knative):
    to_knative(knative=a_knative(deployers=Subjects(users=["ada"], groups=["ops"], service_accounts=["ci/deployer"])))
    binding = engine.named("dev-deployer-binding").inputs
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "slipway-deployer"}
    assert binding["subjects"] == [
        {"kind": "User", "name": "ada", "apiGroup": "rbac.authorization.k8s.io"},
        {"kind": "Group", "name": "ops", "apiGroup": "rbac.authorization.k8s.io"},
        {"kind": "ServiceAccount", "name": "deployer", "namespace": "ci"},
    ]


def test_the_deployer_may_make_what_components_make_and_nothing_else(everything):
    inside = {resource_of(one) for one in everything if one["metadata"].get("namespace") == "slipway-dev"}
    namespace = {resource_of(one) for one in everything if one["kind"] == "Namespace"}
    assert inside | namespace == listed(DEPLOYED) | listed(GUARDS)


def test_what_guards_an_environment_is_read_only(everything, engine):
    deployer = rules(engine, "deployer")
    for kind in listed(GUARDS):
        assert deployer[kind] == {"get", "list", "watch"}
    for kind in listed(DEPLOYED):
        assert deployer[kind] == {"create", "delete", "get", "list", "patch", "update", "watch"}


@pytest.mark.parametrize("part", ["developer", "previewer"])
def test_who_only_looks_changes_nothing(everything, engine, part):
    assert set().union(*rules(engine, part).values()) == {"get", "list", "watch"}


def test_developers_see_functions_and_their_logs(everything, engine):
    developer = rules(engine, "developer")
    assert {("serving.knative.dev", "services"), ("serving.knative.dev", "revisions")} < developer.keys()
    assert {("", "pods"), ("", "pods/log"), ("", "events")} < developer.keys()
    assert not {kind for _, kind in developer} & {"secrets", "configmaps", "roles", "pods/exec", "pods/portforward"}


def test_the_previewer_reads_what_the_deployer_makes(everything, engine):
    assert listed(DEPLOYED) | listed(GUARDS) < rules(engine, "previewer").keys()
