"""The alias of a function as a release, and how it is moved."""

import boto3
import moto
import pytest
from botocore.stub import Stubber

from slipway.aws import releases
from slipway.aws.clients import Aws
from slipway.core.errors import EngineError
from slipway.running.releases import Move, Version

NAME = "slipway-prod-orders"
REGION = "eu-central-1"


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with moto.mock_aws():
        role = boto3.client("iam", region_name=REGION).create_role(RoleName="r", AssumeRolePolicyDocument="{}")
        client = boto3.client("lambda", region_name=REGION)
        client.create_function(
            FunctionName=NAME,
            Role=role["Role"]["Arn"],
            Runtime="python3.11",
            Handler="main.f",
            Code={"ZipFile": b"1"},
            Publish=True,
        )
        for content in (b"2", b"3"):
            client.update_function_code(FunctionName=NAME, ZipFile=content, Publish=True)
        client.create_alias(
            FunctionName=NAME,
            Name="live",
            FunctionVersion="2",
            Description="The version that callers reach; rejected: 1,9",
            RoutingConfig={"AdditionalVersionWeights": {"3": 0.1}},
        )
        yield Aws(environment="prod", account="123456789012", region=REGION)


def test_an_alias_says_what_is_stable_and_what_is_tried(aws):
    release = releases.read(aws, "orders", NAME)
    assert (release.stable, release.candidate, release.percent, release.canary) == ("2", "3", 10, "3 (10%)")
    assert (release.rejected, release.latest) == (("1", "9"), "3")
    assert [version.name for version in release.versions] == ["1", "2", "3"]
    assert releases.pointer(aws, "orders", NAME).versions == ()


def test_what_is_not_deployed_has_no_release(aws):
    assert releases.read(aws, "audit", "slipway-prod-audit") is None


def test_moving_gives_one_version_all_calls_and_keeps_what_was_turned_away(aws):
    release = releases.read(aws, "orders", NAME)
    releases.move(aws, NAME, release, Move(to=release.version("2"), rejected=["1", "9", "3"]))
    alias = boto3.client("lambda", region_name=REGION).get_alias(FunctionName=NAME, Name="live")
    assert alias["FunctionVersion"] == "2"
    assert alias["Description"] == "The version that callers reach; rejected: 1,9,3"
    assert not (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    after = releases.read(aws, "orders", NAME)
    assert (after.stable, after.candidate, after.rejected) == ("2", None, ("1", "9", "3"))
    releases.move(aws, NAME, after, Move(to=after.version("3"), rejected=[]))
    assert boto3.client("lambda", region_name=REGION).get_alias(FunctionName=NAME, Name="live")["Description"] == (
        releases.DESCRIPTION
    )


def test_somebody_elses_move_is_not_overwritten(aws):
    release = releases.read(aws, "orders", NAME)
    boto3.client("lambda", region_name=REGION).update_alias(
        FunctionName=NAME, Name="live", FunctionVersion="3", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    with pytest.raises(EngineError, match="orders: its alias was moved by somebody else meanwhile"):
        releases.move(aws, NAME, release, Move(to=release.version("2"), rejected=[]))


def test_the_alias_is_moved_only_as_it_was_read(monkeypatch):
    """moto takes any revision; AWS refuses an old one."""
    made = Aws(
        environment="prod", account="1", region=REGION, endpoint="http://127.0.0.1:9", access_key="a", secret_key="b"
    )
    client = made.client("lambda")
    monkeypatch.setattr(Aws, "client", lambda *_: client)
    with Stubber(client) as stub:
        alias = {"FunctionVersion": "2", "RevisionId": "r1"}
        stub.add_response("get_alias", alias)
        expected = {
            "FunctionName": NAME,
            "Name": "live",
            "FunctionVersion": "1",
            "Description": "The version that callers reach",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
            "RevisionId": "r1",
        }
        stub.add_client_error("update_alias", "PreconditionFailedException", "revision", expected_params=expected)
        release = releases.Release(function="orders", stable="2")
        with pytest.raises(EngineError, match="PreconditionFailed"):
            releases.move(made, NAME, release, Move(to=Version(name="1", identity="1"), rejected=[]))


def test_a_version_that_cannot_run_says_why():
    version = releases._version({"Version": "4", "State": "Failed", "StateReason": "no image"})
    assert version.problem == "it is failed: no image"
