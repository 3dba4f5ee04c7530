import json

import pytest

from components.environment_args import AwsArgs


def statements(text):
    return {statement.get("Sid"): statement for statement in json.loads(text)["Statement"]}


def test_the_key_rotates_and_serves_this_environments_logs_alone(deploy, engine):
    deploy()
    key = engine.named("dev-key").inputs
    assert key["enableKeyRotation"] is True
    found = statements(key["policy"])
    assert found["IamOfTheAccount"]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert found["LogsOfTheEnvironment"]["Condition"] == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-central-1:123456789012:log-group:/slipway/dev/*"
        }
    }
    assert found["UndeliveredEvents"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert engine.named("dev-key-alias").inputs["name"] == "alias/slipway-dev"


@pytest.mark.parametrize(
    ("region", "partition", "principal"),
    [
        ("eu-central-1", "aws", "logs.eu-central-1.amazonaws.com"),
        ("us-gov-west-1", "aws-us-gov", "logs.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "aws-cn", "logs.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_logs_use_the_key_under_their_name_in_the_partition(deploy, engine, region, partition, principal):
    deploy(aws=AwsArgs(account="123456789012", region=region, partition=partition))
    found = statements(engine.named("dev-key").inputs["policy"])["LogsOfTheEnvironment"]
    assert found["Principal"] == {"Service": principal}
    (group,) = found["Condition"]["ArnLike"].values()
    assert group == f"arn:{partition}:logs:{region}:123456789012:log-group:/slipway/dev/*"


def test_an_adopted_key_and_boundary_are_not_made(deploy, engine):
    deploy(kms_key="arn:aws:kms:eu-central-1:1:key/k", permissions_boundary="arn:aws:iam::1:policy/b")
    made = {name for _, name in engine.children("dev")}
    assert not made & {"dev-key", "dev-key-alias", "dev-boundary"}
    rule = json.loads(json.dumps(engine.named("dev-packages-encryption").inputs))["rules"][0]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == "arn:aws:kms:eu-central-1:1:key/k"
