"""Policy documents are read as IAM reads them, or not at all."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.judge.iam import MalformedError, Statement, matches, statements
from policies.judge.values import UNKNOWN
from policies.rules import _iam, iam_no_exposure
from tests.iam_lint import parliament

pytestmark = pytest.mark.unit
WORDS = st.sampled_from(
    [
        "Statement",
        "Version",
        "Effect",
        "Allow",
        "Deny",
        "Action",
        "NotAction",
        "Resource",
        "Principal",
        "AWS",
        "Condition",
        "*",
        "s3:*",
    ]
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), WORDS, st.text(max_size=4))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4))


def one(**statement):
    [found] = statements({"Statement": statement}, of_identity=True)
    return found


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("s3:get*", "s3:getobject", True),
        ("s3:getobjec?", "s3:getobject", True),
        ("s3:[g]etobject", "s3:getobject", False),
        ("s3:get", "s3:getobject", False),
        ("*", "a\nb", True),
    ],
)
def test_wildcards_are_those_of_iam_alone(pattern, text, fits):
    assert matches(pattern, text) is fits


@pytest.mark.parametrize("resource", ["*", "**", "arn:*", "arn:aws:*", "arn:aws-cn:*:*:*:*", "arn:*:*:*:*:*"])
def test_everything_has_many_names(resource):
    assert one(Effect="Allow", Action="a:b", Resource=resource).on_everything()


@pytest.mark.parametrize(
    ("resource", "all_of_a_kind"),
    [
        ("arn:aws:s3:::*/*", True),
        ("arn:aws:s3:::reports/*", False),
        ("arn:aws:iam::123456789012:role/*", True),
        ("arn:aws:iam::123456789012:role/slipway-*", False),
        ("arn:aws:logs:*:*:log-group:*:*", True),
        ("arn:aws:logs:eu-central-1:123456789012:log-group:/a:*", False),
        ("arn:aws:sqs:*:*:jobs", False),
    ],
)
def test_all_of_a_kind(resource, all_of_a_kind):
    statement = one(Effect="Allow", Action="a:b", Resource=["arn:aws:sqs:::x", resource])
    assert statement.on_all_of_a_kind() is all_of_a_kind
    assert not statement.on_everything()


def test_a_statement_with_something_unknown_is_unknown_and_the_others_are_read():
    found = statements(
        {
            "Statement": [
                {"Effect": "Allow", "Action": "a:b", "Resource": UNKNOWN},
                {"Effect": "Deny", "Action": "*", "Resource": "*"},
            ]
        },
        of_identity=True,
    )
    assert found[0] is UNKNOWN
    assert found[1].effect == "Deny"


@settings(max_examples=300, derandomize=True, deadline=None)
@given(VALUES, st.booleans())
def test_whatever_stands_there_is_read_or_refused(value, as_text):
    try:
        found = statements(json.dumps(value) if as_text else value, of_identity=True)
    except MalformedError:
        return
    assert found
    assert all(isinstance(statement, Statement) for statement in found)


def test_a_document_that_is_nested_without_end_is_refused():
    with pytest.raises(MalformedError):
        statements("[" * 100_000, of_identity=True)


def test_tables_of_actions_are_those_of_aws():
    known, restrictable = set(), set()
    for service in parliament.iam_definition:
        for privilege in service["privileges"]:
            action = f"{service['prefix']}:{privilege['privilege']}".lower()
            known.add(action)
            if any(kind.get("resource_type") for kind in privilege["resource_types"]):
                restrictable.add(action)
    assert set(_iam.ONLY_STAR) <= known - restrictable
    assert {
        *_iam.ESCALATING,
        *iam_no_exposure._CREDENTIALS,
        *iam_no_exposure._DATA,
        *iam_no_exposure._PERMISSIONS,
    } <= known
