"""What the components make passes every rule of the policy pack, as Pulumi hands it over."""

import pytest

from policies.host.plain import plain
from policies.judge.rule import Rule
from policies.judge.values import Resource
from policies.rules import all_rules

KUBERNETES = [rule for rule in all_rules() if rule.id.startswith("K")]
BROKEN = {
    "pod-secret-files": "secrets of functions are environment variables, as on Lambda; the rule is advisory",
}


@pytest.fixture
def verdicts(everything, engine):
    resources = [
        Resource(urn=one.name, type=one.type, name=one.name, props=plain(one.inputs))
        for one in engine.registered
        if one.type.startswith("kubernetes:")
    ]

    def of(rule):
        if isinstance(rule, Rule):
            return [rule.check(one) for one in resources if one.type in rule.types]
        return [verdict for _, verdict in rule.check(resources)]

    return of


def test_every_control_has_a_rule():
    assert {rule.id for rule in KUBERNETES} == {f"K{number}" for number in range(1, 15)}


@pytest.mark.parametrize("rule", KUBERNETES, ids=lambda rule: rule.name)
def test_a_rule_has_nothing_to_say_against_components(verdicts, rule):
    found = verdicts(rule)
    assert found
    wrong = [verdict for verdict in found if verdict.outcome != "pass"]
    assert bool(wrong) is (rule.name in BROKEN), wrong
