"""What is handed to the cluster as policies; that it judges as the policy pack does is shown on a real API server."""

import pytest

from components.knative.admission.policies import of_agents, of_functions, specs
from components.knative.admission.table import OF_GUARDS, OF_PODS
from policies.rules import all_rules


def rules(spec):
    return [one["message"].partition(":")[0] for one in spec["validations"]]


def test_every_rule_has_the_id_and_level_of_one_of_the_pack():
    pack = {(rule.id, rule.level) for rule in all_rules()}
    table = {(one.rule, "advisory" if one.advisory else "mandatory") for one in (*OF_PODS, *OF_GUARDS)}
    assert table <= pack


def test_what_is_refused_and_what_is_only_said(to_knative, engine):
    to_knative()
    policy = engine.named("dev-admission-pods", "ValidatingAdmissionPolicy").inputs
    assert policy["metadata"]["name"] == "slipway-dev.pods.slipway.io"
    assert policy["spec"]["failurePolicy"] == "Fail"
    assert rules(policy["spec"]) == ["K1", "K2", "K3", "K4", "K5", "K6", "K7", "K11"]
    assert rules(engine.named("dev-admission-guards").inputs["spec"]) == ["K11", "K12", "K13", "K14"]
    assert rules(engine.named("dev-admission-pods-advice").inputs["spec"]) == ["K8"]
    actions = {
        one.name: (one.inputs["spec"]["validationActions"], one.inputs["spec"]["policyName"])
        for one in engine.kinds("ValidatingAdmissionPolicyBinding")
    }
    assert actions == {
        "dev-admission-pods-binding": (["Deny"], "slipway-dev.pods.slipway.io"),
        "dev-admission-guards-binding": (["Deny"], "slipway-dev.guards.slipway.io"),
        "dev-admission-pods-advice-binding": (["Audit", "Warn"], "slipway-dev.pods-advice.slipway.io"),
    }


def test_it_holds_in_the_namespace_of_the_environment_alone(to_knative, engine):
    to_knative()
    for one in engine.kinds("ValidatingAdmissionPolicyBinding"):
        assert one.inputs["spec"]["matchResources"] == {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "slipway-dev"}}
        }


def test_nothing_runs_before_it_stands(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function()})
    account = engine.named("orders-account", "ServiceAccount")
    assert {"dev-admission-pods-binding", "dev-admission-guards-binding"} <= set(account.depends_on)


@pytest.mark.parametrize(
    ("levels", "mandatory", "advisory"),
    [
        ({}, {"K1", "K8"} - {"K8"}, {"K8"}),
        ({"K8": "mandatory"}, {"K1", "K8"}, set()),
        ({"K1": "advisory", "K8": "disabled"}, set(), {"K1"}),
    ],
)
def test_levels_are_those_of_the_environment(levels, mandatory, advisory):
    def of(level):
        found = specs(of_functions(), levels, level)
        return {rule for spec in found.values() for rule in rules(spec)} & {"K1", "K8"}

    assert (of("mandatory"), of("advisory")) == (mandatory, advisory)


def test_the_log_agent_may_read_logs_and_be_root_and_no_more():
    found = specs(of_agents("/var/lib/slipway/shop-logs"), {}, "mandatory")
    assert rules(found["pods"]) == ["K2", "K3", "K4", "K5", "K7", "K11"]
    assert rules(found["guards"]) == ["K12", "K13"]


def test_a_cluster_that_is_too_old_is_spared(to_knative, engine, a_knative):
    to_knative(knative=a_knative(admission=False))
    assert not [one for one in engine.registered if one.kind.startswith("ValidatingAdmission")]
