"""The evaluator itself: what it says follows the rules of IAM, and what it cannot judge it refuses."""

import json

import pytest

from tests.iam import NotJudgedError, Request, allows, decide

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:orders"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect="Allow", action="sqs:SendMessage", resource=QUEUE, **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


SEND = Request("sqs:SendMessage", QUEUE)


def test_nothing_is_allowed_that_is_not_said():
    assert decide(SEND) == "implicit deny"
    assert decide(SEND, policy(statement())) == "allow"
    assert decide(Request("sqs:DeleteMessage", QUEUE), policy(statement())) == "implicit deny"
    assert decide(Request("sqs:SendMessage", f"{QUEUE}-2"), policy(statement())) == "implicit deny"
    assert allows(Request("SQS:sendmessage", QUEUE), policy(statement()))


def test_a_denial_wins_wherever_it_stands():
    denial = policy(statement("Deny", "sqs:*", "*"))
    assert decide(SEND, policy(statement()), denial) == "deny"
    assert decide(SEND, denial, policy(statement())) == "deny"
    assert decide(SEND, policy(statement()), boundary=denial) == "deny"


def test_a_boundary_allows_too_and_grants_nothing():
    assert allows(SEND, policy(statement()), boundary=policy(statement(resource="*")))
    assert decide(SEND, boundary=policy(statement(resource="*"))) == "implicit deny"
    assert decide(SEND, policy(statement()), boundary=policy(statement(action="sqs:GetQueueUrl"))) == "implicit deny"


@pytest.mark.parametrize(
    ("pattern", "found", "matches"),
    [
        ("arn:aws:s3:::reports/*", "arn:aws:s3:::reports/2026/a.csv", True),
        ("arn:aws:s3:::reports/*", "arn:aws:s3:::reports", False),
        ("arn:aws:s3:::report?", "arn:aws:s3:::reports", True),
        ("arn:aws:lambda:eu-central-1:123456789012:function:shop-*", QUEUE, False),
        ("arn:aws:sqs:*:123456789012:orders", "arn:aws:sqs:eu-central-1:9:123456789012:orders", False),
        ("arn:aws:sqs:eu-*:orders", QUEUE, False),
        ("arn:aws:logs:r:1:log-group:/a/*", "arn:aws:logs:r:1:log-group:/a/b:log-stream:c", True),
        ("*", QUEUE, True),
    ],
)
def test_wildcards_in_resources(pattern, found, matches):
    assert allows(Request("x:Y", found), policy(statement(action="x:Y", resource=pattern))) is matches


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["b", "a"], "a", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringEqualsIfExists", "a", "b", False),
        ("StringLike", "sqs.*.amazonaws.com", "sqs.eu-central-1.amazonaws.com", True),
        ("StringLike", "sqs.*", "s3.eu-central-1.amazonaws.com", False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", "a", None, True),
        ("StringNotLike", "a*", "ab", False),
        ("ArnLike", "arn:aws:logs:r:1:*", "arn:aws:logs:r:1:log-group:/x", True),
        ("ArnNotLike", "arn:aws:logs:r:1:log-group:/s/*", "arn:aws:logs:r:1:log-group:/s/x", False),
        ("ArnEquals", "arn:aws:events:r:1:rule/b/x", "arn:aws:events:r:1:rule/b/y", False),
        ("ArnNotEquals", "arn:aws:events:r:1:rule/b/x", "arn:aws:events:r:1:rule/b/y", True),
        ("Bool", "false", "False", True),
        ("Bool", "true", None, False),
        ("Null", "true", None, True),
        ("Null", "false", None, False),
        ("Null", "false", "x", True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", "a", None, True),
        ("ForAnyValue:StringEquals", "a", ["a", "c"], True),
        ("ForAnyValue:StringEquals", "a", ["c"], False),
        ("ForAnyValue:StringEquals", "a", None, False),
    ],
)
def test_conditions(operator, wanted, found, holds):
    conditioned = policy(statement(Condition={operator: {"aws:ResourceTag/environment": wanted}}))
    context = {} if found is None else {"aws:ResourceTag/environment": found}
    assert allows(Request(SEND.action, QUEUE, context), conditioned) is holds


def test_all_conditions_must_hold():
    both = policy(statement(Condition={"StringEquals": {"a": "1", "b": "2"}, "Bool": {"c": "true"}}))
    assert allows(Request(SEND.action, QUEUE, {"a": "1", "b": "2", "c": "true"}), both)
    for missing in "abc":
        context = {key: value for key, value in {"a": "1", "b": "2", "c": "true"}.items() if key != missing}
        assert not allows(Request(SEND.action, QUEUE, context), both)


def test_policies_of_resources_name_who_may():
    named = policy(statement(Principal={"Service": "events.amazonaws.com"}))
    assert allows(Request(SEND.action, QUEUE, principal={"Service": "events.amazonaws.com"}), named)
    assert not allows(Request(SEND.action, QUEUE, principal={"Service": "sns.amazonaws.com"}), named)
    assert not allows(SEND, named)
    assert allows(SEND, policy(statement(Principal="*")))
    assert allows(Request(SEND.action, QUEUE, principal={"AWS": "x"}), policy(statement(Principal={"AWS": "*"})))


def test_trust_has_no_resource():
    trust = policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}})
    assert allows(Request("sts:AssumeRole", principal={"Service": "lambda.amazonaws.com"}), trust)


@pytest.mark.parametrize(
    "odd",
    [
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "x:Y", "NotResource": "*"},
        {"Effect": "Deny", "Action": "x:Y", "Resource": "*", "NotPrincipal": {"AWS": "x"}},
        {"Effect": "Perhaps", "Action": "x:Y", "Resource": "*"},
        statement(resource="arn:aws:s3:::${aws:username}"),
        statement(Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}),
        statement(Condition={"Sometimes:StringEquals": {"a": "b"}}),
    ],
)
def test_what_it_does_not_know_it_refuses_even_where_nothing_else_matches(odd):
    with pytest.raises(NotJudgedError):
        decide(Request("sqs:GetQueueUrl", "arn:aws:sqs:r:1:other"), policy(odd))


def test_several_values_need_a_quantifier():
    with pytest.raises(NotJudgedError, match="ForAnyValue"):
        decide(
            Request(SEND.action, QUEUE, {"a": ["1", "2"]}), policy(statement(Condition={"StringEquals": {"a": "1"}}))
        )
