"""Rules answer whatever shape a property has: nothing that somebody writes makes one break, so that it says nothing."""

import copy
import dataclasses

import pytest

from policies.judge.rule import Rule
from policies.judge.values import UNKNOWN
from policies.rules import all_rules
from tests.unit.policies.fixtures import cases

pytestmark = pytest.mark.unit
JUNK = (
    None,
    0,
    -1,
    1.5,
    True,
    "",
    " ",
    "*",
    "{",
    "[]",
    [],
    [None],
    [["*"]],
    {},
    {"Statement": [7]},
    {"a": None},
    UNKNOWN,
)
ENOUGH = 4


def paths(value, before=()):
    yield before
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*before, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*before, index))


def spoilt(props, path, junk):
    made = copy.deepcopy(dict(props))
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = junk
    return made


def some(rule):
    """A few cases of a rule, from all over its file."""
    listed = list(cases([rule]))
    return listed[:: max(1, len(listed) // ENOUGH)]


def said(rule, resources):
    if isinstance(rule, Rule):
        return [rule.check(one) for one in resources if one.type in rule.types]
    return [verdict for _, verdict in rule.check(resources)]


# The API server refuses objects of another shape before they mean anything; AWS takes documents as they are.
@pytest.mark.parametrize("rule", [rule for rule in all_rules() if rule.id[0] != "K"], ids=lambda rule: rule.name)
def test_no_shape_breaks_a_rule(rule):
    for case in some(rule):
        for index, one in enumerate(case.resources):
            for path in paths(one.props):
                for junk in JUNK if path else ():
                    bad = dataclasses.replace(one, props=spoilt(one.props, path, junk))
                    found = said(rule, (*case.resources[:index], bad, *case.resources[index + 1 :]))
                    assert all(verdict is None or verdict.outcome in ("pass", "fail", "unknown") for verdict in found)
