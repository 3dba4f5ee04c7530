"""Each rule against its cases."""

import pytest

from policies.judge.rule import Rule
from policies.judge.values import holds_unknown
from policies.rules import all_rules
from tests.unit.policies.fixtures import FOLDER, OUTCOMES, cases, read

pytestmark = pytest.mark.unit
RULES = all_rules()


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.id)
def test_a_case_gets_its_verdict(case):
    verdict = case.verdict()
    assert (verdict.outcome if verdict else "none") == case.outcome
    if expected := [path for path in case.properties if path]:
        assert verdict.property in expected
    if case.outcome == "fail":
        assert verdict.message


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_has_cases_that_pass_fail_and_are_unknown(rule):
    groups = read(rule)
    assert set(groups) <= set(OUTCOMES)
    assert groups.get("pass")
    assert groups.get("fail")
    # What only has to be set is set also where its value is not known yet.
    assert groups.get("unknown") or any(
        holds_unknown(one.props) for case in cases([rule]) if case.outcome == "pass" for one in case.resources
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_judges_every_type_that_it_names(rule):
    if isinstance(rule, Rule):
        judged = {one.type for case in cases([rule]) for one in case.resources}
        assert set(rule.types) <= judged


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_what_it_is(rule):
    assert rule.title
    assert rule.remedy
    assert not rule.remedy.endswith(".")
    assert rule.sources or rule.severity
    assert rule.check.__module__ == f"policies.rules.{rule.name.replace('-', '_')}"


def test_names_are_unique_and_no_case_belongs_to_nobody():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(names)
