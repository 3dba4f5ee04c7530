import re

import pytest

from components.security.grants import INSIDE, SERVICES, VERBS, actions_of

PREFIXES = {"queue": "sqs", "bucket": "s3", "table": "dynamodb", "topic": "sns", "secret": "secretsmanager"}
ALL = [(kind, verb) for kind, verbs in VERBS.items() for verb in verbs]


def test_the_kinds_and_verbs_are_the_promised_ones():
    assert {kind: set(verbs) for kind, verbs in VERBS.items()} == {
        "queue": {"send", "receive", "inspect"},
        "bucket": {"read", "write", "delete", "list"},
        "table": {"read", "write"},
        "topic": {"publish"},
        "secret": {"read"},
        "service": {"call"},
    }
    assert {*SERVICES, "service"} == set(VERBS)
    assert set(INSIDE) <= set(VERBS)


@pytest.mark.parametrize(("kind", "verb"), ALL)
def test_actions_are_exact_and_of_the_kinds_service(kind, verb):
    found = VERBS[kind][verb]
    assert found.actions or found.inside or kind == "service"
    for action in (*found.actions, *found.inside):
        assert re.fullmatch(rf"{PREFIXES[kind]}:[A-Z][A-Za-z]+", action), action
    for action in found.key_actions:
        assert action in {"kms:Decrypt", "kms:GenerateDataKey"}
    if found.inside:
        assert kind in INSIDE


@pytest.mark.parametrize(
    ("kind", "verb", "must", "must_not"),
    [
        ("queue", "send", {"sqs:SendMessage"}, {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue"}),
        ("queue", "receive", {"sqs:ReceiveMessage", "sqs:DeleteMessage"}, {"sqs:SendMessage", "sqs:PurgeQueue"}),
        ("queue", "inspect", {"sqs:GetQueueAttributes"}, {"sqs:ReceiveMessage", "sqs:SendMessage"}),
        ("bucket", "read", {"s3:GetObject"}, {"s3:PutObject", "s3:DeleteObject", "s3:ListBucket"}),
        ("bucket", "write", {"s3:PutObject"}, {"s3:GetObject", "s3:DeleteObject", "s3:PutObjectAcl"}),
        ("bucket", "delete", {"s3:DeleteObject"}, {"s3:DeleteObjectVersion", "s3:PutObject"}),
        ("bucket", "list", {"s3:ListBucket"}, {"s3:GetObject"}),
        ("table", "read", {"dynamodb:GetItem", "dynamodb:Query"}, {"dynamodb:PutItem", "dynamodb:DeleteTable"}),
        ("table", "write", {"dynamodb:PutItem", "dynamodb:DeleteItem"}, {"dynamodb:GetItem", "dynamodb:DeleteTable"}),
        ("topic", "publish", {"sns:Publish"}, {"sns:Subscribe"}),
        ("secret", "read", {"secretsmanager:GetSecretValue"}, {"secretsmanager:PutSecretValue"}),
    ],
)
def test_each_verb_permits_what_it_says_and_not_its_neighbours(kind, verb, must, must_not):
    found = {*VERBS[kind][verb].actions, *VERBS[kind][verb].inside}
    assert must <= found
    assert not must_not & found


def test_reading_needs_no_right_to_encrypt():
    assert VERBS["secret"]["read"].key_actions == VERBS["bucket"]["read"].key_actions == ("kms:Decrypt",)


def test_actions_of_a_kind_are_the_union_of_its_verbs():
    assert actions_of("bucket") == [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
    ]
