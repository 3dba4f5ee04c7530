"""What the provider that we build adds to the inputs of a resource: region, tags, automatic names, checks."""

import json
import re

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import UNKNOWN

from tests.integration.toolchain.aws_provider_process import running_provider

SETTINGS = {
    "region": "eu-central-1",
    "accessKey": "local",
    "secretKey": "local",
    "skipCredentialsValidation": "true",
    "skipRequestingAccountId": "true",
    "skipMetadataApiCheck": "true",
    "endpoints": json.dumps([{"sqs": "http://127.0.0.1:9"}]),
    "defaultTags": json.dumps({"tags": {"team": "payments", "stage": "test", "tmp:x": "1"}}),
    "ignoreTags": json.dumps({"keys": ["stage"], "keyPrefixes": ["tmp:"]}),
}


def struct(values):
    message = struct_pb2.Struct()
    message.update(values)
    return message


@pytest.fixture(scope="module")
def provider():
    """A provider with settings; nothing listens at its endpoint."""
    with running_provider() as started:
        variables = {f"aws:config:{name}": value for name, value in SETTINGS.items()}
        started.Configure(provider_pb2.ConfigureRequest(variables=variables, args=struct(SETTINGS), acceptSecrets=True))
        yield started


@pytest.fixture
def check(provider):
    def ask(token, name, inputs):
        return provider.Check(
            provider_pb2.CheckRequest(
                urn=f"urn:pulumi:test::project::{token}::{name}", news=struct(inputs), randomSeed=b"\x07" * 32
            )
        )

    return ask


def test_region_and_all_tags_are_filled_in(check):
    inputs = check("aws:sqs/queue:Queue", "orders", {"tags": {"team": "orders", "owner": "me"}}).inputs
    assert inputs["region"] == "eu-central-1"
    assert dict(inputs["tagsAll"]) == {"team": "orders", "owner": "me"}
    assert dict(inputs["tags"]) == {"team": "orders", "owner": "me"}


def test_a_resource_without_tags_gets_the_default_ones(check):
    assert dict(check("aws:sqs/queue:Queue", "orders", {}).inputs["tagsAll"]) == {"team": "payments"}


def test_a_region_of_its_own_stays(check):
    assert check("aws:sqs/queue:Queue", "orders", {"region": "eu-west-1"}).inputs["region"] == "eu-west-1"


def test_a_global_resource_has_no_region(check):
    inputs = check("aws:iam/role:Role", "r", {"assumeRolePolicy": "{}"}).inputs
    assert "region" not in inputs
    assert dict(inputs["tagsAll"]) == {"team": "payments"}


def test_tags_that_are_not_known_yet_make_all_tags_unknown(check):
    inputs = check("aws:sqs/queue:Queue", "orders", {"tags": {"commit": UNKNOWN}}).inputs
    assert inputs["tagsAll"] == UNKNOWN


@pytest.mark.parametrize(
    ("token", "inputs", "property_", "pattern"),
    [
        ("aws:lambda/function:Function", {"role": "arn:aws:iam::123456789012:role/r"}, "name", r"Orders-[0-9a-f]{7}"),
        ("aws:sqs/queue:Queue", {"fifoQueue": True}, "name", r"Orders-[0-9a-f]{7}\.fifo"),
        ("aws:sqs/queue:Queue", {}, "name", r"Orders-[0-9a-f]{7}"),
        ("aws:sns/topic:Topic", {"fifoTopic": True}, "name", r"Orders-[0-9a-f]{7}\.fifo"),
        ("aws:s3/bucket:Bucket", {}, "bucket", r"orders-[0-9a-f]{7}"),
        ("aws:s3/bucketObjectv2:BucketObjectv2", {"bucket": "b"}, "key", r"Orders"),
        ("aws:kms/alias:Alias", {"targetKeyId": "k"}, "name", r"alias/Orders-[0-9a-f]{7}"),
        ("aws:cloudwatch/eventTarget:EventTarget", {"rule": "r", "arn": "a"}, "targetId", r"Orders-[0-9a-f]{7}"),
    ],
)
def test_names_are_made_where_none_is_given(check, token, inputs, property_, pattern):
    assert re.fullmatch(pattern, check(token, "Orders", inputs).inputs[property_])


def test_a_policy_may_be_an_object(check):
    document = {"Version": "2012-10-17", "Statement": []}
    inputs = check("aws:iam/role:Role", "r", {"assumeRolePolicy": document}).inputs
    assert json.loads(inputs["assumeRolePolicy"]) == document


def test_a_value_that_aws_would_refuse_is_a_failure_of_the_check(check):
    failures = check(
        "aws:lambda/function:Function",
        "f",
        {"role": "arn:aws:iam::123456789012:role/r", "runtime": "python3.11", "memorySize": 64},
    ).failures
    assert [failure.reason for failure in failures if "memory_size" in failure.reason]
