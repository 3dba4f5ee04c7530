"""What an environment may say about its policies."""

import pytest

FILE = "stacks/Pulumi.dev.yaml"
STACK = """\
config:
  slipway:target: lambda
  slipway:aws: {{account: "123456789012", region: eu-central-1}}
  slipway:policy: {policy}
"""
WAIVER = "{{rule: F9, resource: 'orders-*', reason: old clients cannot sign, owner: team-payments, expires: {}}}"


def said(box, policy):
    box.stack("dev", STACK.format(policy=policy))
    return box.lines()


@pytest.mark.parametrize(
    "policy",
    [
        "{}",
        "{unknown: report}",
        "{rules: {F1: mandatory, K10: disabled, L2: advisory}}",
        f"{{waivers: [{WAIVER.format('2027-01-31')}]}}",
        f"{{waivers: [{WAIVER.format('2020-02-29')}]}}",  # that it expired is said by whoever looks at the day
    ],
)
def test_what_is_taken(box, policy):
    assert said(box, policy) == []


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("{unknown: ignore}", "slipway:policy.unknown must be one of fail, report, found 'ignore'"),
        ("{rules: {f9: advisory}}", "a key of slipway:policy.rules must be the id of a rule, such as F9, found 'f9'"),
        ("{rules: {F9: warn}}", "slipway:policy.rules.F9 must be one of mandatory, advisory, disabled"),
        (f"{{waivers: [{WAIVER.format('2027-02-30')}]}}", "expires must be a day of the calendar, found 2027-02-30"),
        (f"{{waivers: [{WAIVER.format('soon')}]}}", "expires must be a day such as 2027-01-31, found 'soon'"),
        ("{waivers: [{rule: F9, resource: x, reason: old clients stay, owner: t}]}", "waivers[0].expires is missing"),
        (
            "{waivers: [{rule: F9, resource: x, reason: because, owner: t, expires: 2027-01-31}]}",
            "waivers[0].reason must have 10-500 characters, found 7",
        ),
        ("{level: advisory}", f"{FILE}:4:20: unknown key 'level'; allowed: rules, unknown, waivers"),
    ],
)
def test_one_mistake_one_message(box, policy, expected):
    [line] = said(box, policy)
    assert expected in line
