import datetime as dt
import threading

import boto3
import moto
import pytest

from slipway.aws import logs
from slipway.aws.clients import Aws
from slipway.core.errors import EngineError

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
GROUP = "/slipway/local/hello"


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with moto.mock_aws():
        client = boto3.client("logs", region_name="eu-central-1")
        client.create_log_group(logGroupName=GROUP)
        client.create_log_stream(logGroupName=GROUP, logStreamName="s")
        yield Aws(environment="local", account="123456789012", region="eu-central-1")


def put(*messages, at=None):
    client = boto3.client("logs", region_name="eu-central-1")
    start = int((at or dt.datetime.now(dt.UTC)).timestamp() * 1000)
    events = [{"timestamp": start + index, "message": message} for index, message in enumerate(messages)]
    client.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)


def test_reading_starts_at_the_time(aws):
    put("old", at=dt.datetime.now(dt.UTC) - dt.timedelta(hours=2))
    put("a", "b", "c")
    since = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    found = list(logs.read(aws, GROUP, since))
    assert [one.message for one in found] == ["a", "b", "c"]


def test_a_missing_group_says_what_to_do(aws):
    with pytest.raises(
        EngineError, match=r"log group /nowhere does not exist in local; what to do: run `slipway up -s local`"
    ):
        list(logs.read(aws, "/nowhere", NOW))


def test_following_shows_each_event_once(aws, monkeypatch):
    monkeypatch.setattr(logs, "POLL_S", 0)
    put("a", "b")
    stop = threading.Event()
    seen = []
    for one in logs.follow(aws, GROUP, dt.datetime.now(dt.UTC) - dt.timedelta(hours=1), stop):
        seen.append(one.message)
        if seen == ["a", "b"]:
            put("c")
        if one.message == "c":
            stop.set()
    assert seen == ["a", "b", "c"]
