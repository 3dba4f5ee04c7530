import json

import pytest

from components.aws_lambda.policies import allow, deny, document, only_tls, trust
from components.canonical import compact


def test_the_same_statements_give_the_same_text_whatever_their_order_inside():
    one = document(allow(["sqs:SendMessage", "sqs:GetQueueUrl"], ["b", "a"], sid="X"))
    other = document(allow(["sqs:GetQueueUrl", "sqs:SendMessage"], ["a", "b"], sid="X"))
    assert one == other
    assert " " not in one
    assert json.loads(one) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["sqs:GetQueueUrl", "sqs:SendMessage"], "Resource": ["a", "b"], "Sid": "X"}
        ],
    }


def test_what_is_not_given_is_left_out():
    assert set(deny(["a:B"], ["*"])) == {"Effect", "Action", "Resource"}


@pytest.mark.parametrize(("actions", "resources"), [([], ["*"]), (["a:B"], [])])
def test_a_statement_about_nothing_is_a_mistake(actions, resources):
    with pytest.raises(ValueError, match="needs actions and resources"):
        allow(actions, resources)


def test_trust_names_one_service_and_its_conditions():
    plain = json.loads(trust("lambda.amazonaws.com"))["Statement"][0]
    assert plain == {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    bound = json.loads(trust("scheduler.amazonaws.com", source_account="1", source_arn="arn"))["Statement"][0]
    assert bound["Condition"] == {"StringEquals": {"aws:SourceAccount": "1", "aws:SourceArn": "arn"}}


def test_only_tls_denies_everybody_without_it():
    statement = only_tls(["arn:q"], "sqs")
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == "*"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_compact_sorts_keys():
    assert compact({"b": 1, "a": [1, 2]}) == '{"a":[1,2],"b":1}'
