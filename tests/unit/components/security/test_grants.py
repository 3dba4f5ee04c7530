import re
from pathlib import Path

import pytest

from components.security.grants import INSIDE, SERVICES, VERBS, actions_of

PREFIXES = {**SERVICES, "function": "lambda"}
PAGE = Path(__file__).parents[4] / "docs" / "grants.md"
ALL = [(kind, verb) for kind, verbs in VERBS.items() for verb in verbs]


def test_the_kinds_and_verbs_are_the_promised_ones():
    assert {kind: set(verbs) for kind, verbs in VERBS.items()} == {
        "queue": {"send", "receive", "inspect"},
        "bucket": {"read", "write", "delete", "list"},
        "table": {"read", "write"},
        "topic": {"publish"},
        "secret": {"read"},
        "key": {"encrypt", "decrypt", "sign", "verify"},
        "function": {"invoke"},
        "service": {"call"},
    }
    assert {*SERVICES, "function", "service"} == set(VERBS)
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
        ("key", "encrypt", {"kms:Encrypt"}, {"kms:Decrypt", "kms:ScheduleKeyDeletion", "kms:CreateGrant"}),
        ("key", "decrypt", {"kms:Decrypt"}, {"kms:Encrypt", "kms:ReEncryptFrom"}),
        ("key", "sign", {"kms:Sign"}, {"kms:Verify"}),
        ("key", "verify", {"kms:Verify"}, {"kms:Sign"}),
        ("function", "invoke", {"lambda:InvokeFunction"}, {"lambda:UpdateFunctionCode", "lambda:InvokeFunctionUrl"}),
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


def cell(actions):
    return ", ".join(f"`{action}`" for action in actions)


def test_the_page_shows_the_table_of_verbs():
    rows = ["| Kind | Verb | On the resource | On what is in it | On the key that encrypts it | On Knative |"]
    rows += ["|---|---|---|---|---|---|"]
    for kind, verbs in VERBS.items():
        for name, verb in verbs.items():
            there = "yes" if verb.not_on_knative is None else f"no: {verb.not_on_knative}"
            cells = (f"`{kind}`", f"`{name}`", cell(verb.actions), cell(verb.inside), cell(verb.key_actions), there)
            rows.append("| " + " | ".join(cells) + " |")
    assert "\n".join(rows) + "\n" in PAGE.read_text(encoding="utf-8")
