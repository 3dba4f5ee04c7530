"""The policy pack and a real API server give the same verdict on every case of the rules that both have."""

import json

import pytest

from components.knative.admission.table import OF_GUARDS, OF_PODS
from policies.judge.rule import Rule
from policies.rules import all_rules
from tests.admission import manifest
from tests.unit.policies.fixtures import cases

BOTH = {control.rule for control in (*OF_PODS, *OF_GUARDS)}
RULES = [rule for rule in all_rules() if isinstance(rule, Rule) and rule.id in BOTH]
CASES = [
    case
    for case in cases(RULES)
    if case.outcome in {"pass", "fail"} and not case.resources[0].type.rpartition(":")[2].startswith("Cluster")
]
# Refused by the API server itself, or by Knative, before a policy sees it.
ELSEWHERE = {
    "a container to look into it": "containers to look into a pod are added to one that runs",
    "a Knative Service that says it for the whole pod": "Knative takes no settings of the whole pod",
    "an agent with privileges": "privileges without escalation contradict each other",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_pack_and_cluster_agree(gate, case):
    resource = case.resources[0]
    document = manifest(resource, gate.namespace)
    said = gate.ask(document)
    assert said.admitted is (case.outcome == "pass"), f"{said.message}\n{json.dumps(document)}"
    if case.outcome == "fail" and case.title not in ELSEWHERE:
        broken = {rule.id for rule in RULES if resource.type in rule.types and _fails(rule, resource)}
        assert "ValidatingAdmissionPolicy" in said.message, said.message
        assert said.message.partition("denied request: ")[2].partition(":")[0] in broken


def _fails(rule, resource):
    return rule.check(resource).outcome == "fail"


def test_every_rule_of_the_cluster_is_one_of_the_pack():
    assert {case.rule.id for case in CASES} == BOTH
