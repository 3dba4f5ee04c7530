"""The canary's lines in a log group."""

import json
import time

import boto3
import moto
import pytest

from slipway.aws import canary
from slipway.aws.clients import Aws
from slipway.core.errors import EngineError
from slipway.running.canary import Run

GROUP = "/slipway/local/hello"


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with moto.mock_aws():
        boto3.client("logs", region_name="eu-central-1").create_log_group(logGroupName=GROUP)
        yield Aws(environment="local", account="123456789012", region="eu-central-1")


def test_all_lines_lie_in_a_stream_of_their_own_until_the_end(aws, monkeypatch):
    monkeypatch.setattr(canary, "_BATCH", 3)
    client = boto3.client("logs", region_name="eu-central-1")
    begun = time.time_ns()
    with canary.planted(aws, "hello", GROUP, Run(id="abc", count=7), time.time_ns):
        (stream,) = client.describe_log_streams(logGroupName=GROUP)["logStreams"]
        assert stream["logStreamName"].endswith("/[canary]abc")
        events = client.filter_log_events(logGroupName=GROUP)["events"]
        assert [json.loads(one["message"])["slipway_canary_number"] for one in events] == list(range(7))
        assert all(one["timestamp"] >= begun // 1_000_000 for one in events)
    assert client.describe_log_streams(logGroupName=GROUP)["logStreams"] == []


def test_a_missing_group_is_told(aws):
    run = Run(id="abc", count=1)
    with (
        pytest.raises(EngineError, match=r"hello: log group /nowhere: .*ResourceNotFound"),
        canary.planted(aws, "hello", "/nowhere", run, lambda: 1_780_000_000_000_000_000),
    ):
        pytest.fail("must not get here")
