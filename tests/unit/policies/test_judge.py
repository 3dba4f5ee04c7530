"""Levels, unknown values and waivers: what a verdict counts for in an environment."""

import datetime as dt

import pytest

from policies.judge.judge import Judge
from policies.judge.report import report
from policies.judge.rule import PASS, Rule, StackRule, fail, unknown, worst
from policies.judge.settings import Settings
from policies.judge.values import UNKNOWN, Resource

pytestmark = pytest.mark.unit
TODAY = dt.date(2026, 11, 26)


def resource(name="orders", **props):
    return Resource(urn=f"urn:pulumi:prod::shop::t:m:T::{name}", type="t:m:T", name=name, props=props)


def check(one):
    found = one.get("open")
    return unknown("open") if found is UNKNOWN else fail("open", "open must be false, found true") if found else PASS


def rule(**changes):
    values = {
        "id": "F9",
        "name": "closed",
        "title": "It is closed",
        "sources": ("X_1",),
        "severity": "high",
        "remedy": "close it",
        "types": ("t:m:T",),
        "check": check,
    }
    return Rule(**{**values, **changes})


def judge(*rules, protect=False, **policy):
    return Judge(rules or (rule(),), Settings.read(policy, protect=protect), TODAY)


def waiver(**changes):
    return {
        "rule": "F9",
        "resource": "orders",
        "reason": "old clients",
        "owner": "team-a",
        "expires": "2026-11-26",
        **changes,
    }


def test_a_failure_counts_and_says_who_what_and_what_to_do():
    [judged] = judge().resource(resource(open=True))
    assert judged.counts
    assert judged.level == "mandatory"
    assert judged.text() == "F9 closed: orders: open must be false, found true; what to do: close it"


def test_a_pass_counts_for_nothing_and_is_kept_for_the_report():
    one = judge()
    [judged] = one.resource(resource(open=False))
    assert not judged.counts
    assert [v["outcome"] for v in report(one, "prod", complete=True)["verdicts"]] == ["pass"]


@pytest.mark.parametrize(
    ("protect", "policy", "level"),
    [
        (True, {}, "mandatory"),
        (False, {}, "advisory"),
        (False, {"unknown": "fail"}, "mandatory"),
        (True, {"unknown": "report"}, "advisory"),
        (True, {"rules": {"F9": "advisory"}}, "advisory"),
    ],
)
def test_what_is_unknown_ends_a_run_where_the_environment_says_so_and_is_always_said(protect, policy, level):
    [judged] = judge(protect=protect, **policy).resource(resource(open=UNKNOWN))
    assert judged.counts
    assert judged.level == level
    assert judged.text() == "F9 closed: orders: open is known only during the update"


def test_an_environment_sets_levels_by_id():
    assert judge(rules={"F9": "advisory"}).resource(resource(open=True))[0].level == "advisory"
    [judged] = judge(rules={"F9": "disabled"}).resource(resource(open=True))
    assert not judged.counts


@pytest.mark.parametrize(
    "pattern", ["orders", "ord*", "shop-prod-orders", "urn:pulumi:prod::shop::t:m:T::orders", "*::t:m:T::*"]
)
def test_a_waiver_excuses_by_name_physical_name_or_urn_to_the_end_of_its_day(pattern):
    one = judge(waivers=[waiver(resource=pattern)])
    [judged] = one.resource(_named(open=True))
    assert not judged.counts
    assert judged.waiver == 0
    assert one.waiver_states() == ["used"]
    assert one.mistakes() == []


def _named(**props):
    return Resource(
        urn="urn:pulumi:prod::shop::t:m:T::orders",
        type="t:m:T",
        name="orders",
        props={"name": "shop-prod-orders", **props},
    )


def test_an_expired_waiver_excuses_nothing_and_is_a_mistake():
    one = judge(waivers=[waiver(expires="2026-11-25")])
    [judged] = one.resource(resource(open=True))
    assert judged.counts
    assert judged.text() == (
        "F9 closed: orders: open must be false, found true; its waiver expired on 2026-11-25; what to do: close it"
    )
    assert one.mistakes() == [
        "waiver of F9 for 'orders', owned by team-a: expired on 2026-11-25; mend what it excuses, or agree on a new date"
    ]


def test_a_valid_waiver_wins_over_an_expired_one():
    one = judge(waivers=[waiver(expires="2026-11-25"), waiver(resource="ord*")])
    [judged] = one.resource(resource(open=True))
    assert judged.waiver == 1


@pytest.mark.parametrize(
    "wrong", [{"rule": "F8"}, {"resource": "billing"}, {"resource": "ORDERS"}, {"resource": "orders?"}]
)
def test_a_waiver_that_excuses_nothing_is_a_mistake(wrong):
    one = judge(waivers=[waiver(**wrong)])
    [judged] = one.resource(resource(open=True))
    assert judged.counts
    assert len(one.mistakes()) == 1
    assert one.mistakes()[0].endswith("excuses nothing that fails; remove it")


def test_a_waiver_does_not_excuse_what_nobody_knows():
    one = judge(protect=True, waivers=[waiver()])
    [judged] = one.resource(resource(open=UNKNOWN))
    assert judged.counts
    assert judged.waiver is None


def test_a_level_for_a_rule_that_is_not_there_is_a_mistake():
    assert judge(rules={"F99": "disabled"}).mistakes() == [
        "slipway:policy.rules has F99, but no rule has that id; docs/policies.md lists them"
    ]


def test_a_rule_that_breaks_has_not_checked_and_tells_no_value():
    def broken(one):
        raise KeyError(one.get("password"))

    [judged] = judge(rule(check=broken), protect=True).resource(resource(password="hunter2"))
    assert judged.counts
    assert judged.verdict.outcome == "unknown"
    assert "not checked" in judged.text()
    assert "hunter2" not in judged.text()


def test_rules_of_the_stack_see_all_resources():
    def pairs(resources):
        return [(one, fail("", f"stands beside {len(resources) - 1} others")) for one in resources]

    values = {name: getattr(rule(), name) for name in ("id", "name", "title", "sources", "severity", "remedy")}
    one = judge(StackRule(**values, check=pairs))
    assert [judged.verdict.message for judged in one.stack([resource("a"), resource("b")])] == [
        "stands beside 1 others"
    ] * 2


@pytest.mark.parametrize(
    "policy",
    [
        {"unknown": "maybe"},
        {"rules": {"F9": "warn"}},
        {"level": "advisory"},
        {"waivers": [{"rule": "F9"}]},
        {"waivers": [waiver(expires="soon")]},
        {"waivers": [waiver(until="x")]},
    ],
)
def test_settings_of_another_form_are_refused(policy):
    with pytest.raises(ValueError, match="run `slipway validate`"):
        Settings.read(policy, protect=False)


def test_the_worst_of_several_verdicts():
    assert worst([]) is PASS
    assert worst([PASS, unknown("a"), fail("b", "x")]).outcome == "fail"
    assert worst([PASS, unknown("a")]).property == "a"
