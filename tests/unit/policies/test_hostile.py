"""Raw resources that somebody hostile, or in a hurry, might add: whatever way they are written, a mandatory rule fails."""

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.judge.judge import Judge
from policies.judge.settings import Settings
from policies.judge.values import Resource
from policies.rules import all_rules

pytestmark = pytest.mark.unit
ROLE = "arn:aws:iam::123456789012:role/shop-prod-orders"
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:shop-prod-orders"
HARMLESS = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}


def cased(*texts):
    """One of the texts, in any case that IAM takes for the same."""
    return st.sampled_from(texts).flatmap(lambda text: st.sampled_from([text, text.lower(), text.upper()]))


def alone_or_listed(values):
    """A value as it is, in a list, or in a list after something harmless."""
    return values.flatmap(lambda value: st.sampled_from([value, [value], ["sqs:SendMessage", value]]))


def documents(statements):
    """A policy with such a statement among harmless ones, as text in several layouts or as an object."""

    def laid_out(parts):
        statement, before, layout, alone = parts
        listed = [HARMLESS] * before + [statement]
        found = {"Version": "2012-10-17", "Statement": statement if alone and not before else listed}
        return {
            "text": json.dumps(found),
            "spaced": json.dumps(found, indent=3),
            "sorted": json.dumps(found, sort_keys=True, separators=(",", ":")),
            "object": found,
        }[layout]

    layouts = st.sampled_from(["text", "spaced", "sorted", "object"])
    return st.tuples(statements, st.integers(0, 2), layouts, st.booleans()).map(laid_out)


ACTIONS = alone_or_listed(
    st.one_of(
        cased(
            "*", "*:*", "s3:*", "iam:*", "kms:*", "sts:*", "lambda:Invoke*", "dynamodb:?etItem", "secretsmanager:Get*"
        ),
    )
)
GRANTS = st.one_of(
    st.fixed_dictionaries({"Effect": st.just("Allow"), "Action": ACTIONS, "Resource": st.sampled_from(["*", ["*"]])}),
    st.fixed_dictionaries(
        {
            "Effect": st.just("Allow"),
            "Action": alone_or_listed(cased("iam:PassRole", "iam:AttachRolePolicy", "iam:CreatePolicyVersion")),
            "Resource": st.sampled_from(["*", ["*"], "arn:aws:iam::123456789012:role/*"]),
        }
    ).filter(lambda one: one["Resource"] != "arn:aws:iam::123456789012:role/*" or "ass" not in json.dumps(one).lower()),
    st.fixed_dictionaries(
        {"Effect": st.just("Allow"), "NotAction": cased("iam:*", "sqs:DeleteQueue"), "Resource": st.just("*")}
    ),
    st.fixed_dictionaries(
        {"Effect": st.just("Allow"), "Action": cased("s3:GetObject"), "NotResource": st.just("arn:aws:s3:::x/*")}
    ),
)
EVERYBODY = st.sampled_from(["*", {"AWS": "*"}, {"AWS": ["*"]}, {"AWS": [ROLE, "*"]}, {"aws": "*"}])


def open_to_everybody(action, resource):
    return documents(
        st.fixed_dictionaries(
            {
                "Effect": st.just("Allow"),
                "Principal": EVERYBODY,
                "Action": st.just(action),
                "Resource": st.just(resource),
            }
        )
    )


def made(type_, **props):
    return st.fixed_dictionaries(props).map(lambda values: (type_, values))


def inline(text):
    return [{"name": "inline", "policy": text if isinstance(text, str) else json.dumps(text)}]


TRUST = documents(
    st.fixed_dictionaries({"Effect": st.just("Allow"), "Principal": EVERYBODY, "Action": st.just("sts:AssumeRole")})
)
GOOD_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
SECRETS = st.sampled_from(
    [
        {"AWS_KEY": "AKIAIOSFODNN7EXAMPLE"},
        {"DB_PASSWORD": "hunter2-hunter2"},
        {"DATABASE": "postgres://app:hunter2@db.example.com/app"},
        {"KEY": "-----BEGIN RSA PRIVATE KEY-----\nMIIE"},
        {"api_token": "a8f5f167f44f4964e6c998dee827110c"},
    ]
)
HOSTILE = st.one_of(
    made("aws:iam/policy:Policy", policy=documents(GRANTS)),
    made("aws:iam/rolePolicy:RolePolicy", policy=documents(GRANTS), role=st.just("r")),
    made("aws:iam/userPolicy:UserPolicy", policy=documents(GRANTS), user=st.just("u")),
    made("aws:iam/groupPolicy:GroupPolicy", policy=documents(GRANTS), group=st.just("g")),
    made("aws:iam/role:Role", assumeRolePolicy=st.just(GOOD_TRUST), inlinePolicies=documents(GRANTS).map(inline)),
    made("aws:iam/role:Role", assumeRolePolicy=TRUST),
    made("aws:sqs/queuePolicy:QueuePolicy", policy=open_to_everybody("sqs:SendMessage", QUEUE), queueUrl=st.just("q")),
    made("aws:kms/key:Key", policy=open_to_everybody("kms:Decrypt", "*"), enableKeyRotation=st.just(True)),
    made("aws:kms/key:Key", enableKeyRotation=st.sampled_from([False, None])),
    made(
        "aws:lambda/permission:Permission",
        principal=st.just("*"),
        action=st.just("lambda:InvokeFunction"),
        function=st.just("f"),
    ),
    made(
        "aws:lambda/permission:Permission",
        principal=st.sampled_from(["s3.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"]),
        action=st.just("lambda:InvokeFunction"),
        function=st.just("f"),
    ),
    made("aws:lambda/functionUrl:FunctionUrl", authorizationType=st.sampled_from(["NONE", "none", "", None, 0])),
    made(
        "aws:lambda/function:Function",
        environment=SECRETS.map(lambda variables: {"variables": variables}),
        name=st.just("f"),
    ),
    made(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        bucket=st.just("b"),
        blockPublicAcls=st.just(True),
        blockPublicPolicy=st.sampled_from([False, None, "false"]),
        ignorePublicAcls=st.just(True),
        restrictPublicBuckets=st.just(True),
    ),
    made("aws:s3/bucket:Bucket", bucket=st.just("b")),
    made("aws:cloudwatch/logGroup:LogGroup", name=st.just("l"), retentionInDays=st.sampled_from([None, 0])),
)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(HOSTILE)
def test_none_gets_through(hostile):
    type_, props = hostile
    props = {name: value for name, value in props.items() if value is not None}
    resource = Resource(urn=f"urn:pulumi:prod::shop::{type_}::added", type=type_, name="added", props=props)
    judge = Judge(all_rules(), Settings(), dt.date(2026, 11, 26))
    judged = [*judge.resource(resource), *judge.stack([resource])]
    refused = [one for one in judged if one.counts and one.level == "mandatory" and one.verdict.outcome == "fail"]
    assert refused, [one.text() for one in judged]
    for one in refused:
        assert "hunter2" not in one.text()
        assert "AKIA" not in one.text()
