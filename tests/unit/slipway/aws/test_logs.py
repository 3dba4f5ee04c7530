import datetime as dt
import json
import threading

import boto3
import moto
import pytest

from slipway.aws import logs
from slipway.aws.clients import Aws
from slipway.core.errors import EngineError
from slipway.running.records import Origin

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
GROUP = "/slipway/local/hello"
STREAM = "2026/11/22/hello[7]abc"
ORIGIN = Origin(environment="local", function="hello", target="lambda", owner="team-shop")


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with moto.mock_aws():
        client = boto3.client("logs", region_name="eu-central-1")
        client.create_log_group(logGroupName=GROUP)
        client.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
        yield Aws(environment="local", account="123456789012", region="eu-central-1")


def put(*messages, at=None):
    client = boto3.client("logs", region_name="eu-central-1")
    start = int((at or dt.datetime.now(dt.UTC)).timestamp() * 1000)
    events = [{"timestamp": start + index, "message": message} for index, message in enumerate(messages)]
    client.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=events)


def group(name=GROUP):
    return logs.Group(name=name, origin=ORIGIN)


def test_reading_starts_at_the_time(aws):
    put("old", at=dt.datetime.now(dt.UTC) - dt.timedelta(hours=2))
    put("a", "b", "c")
    since = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    found = list(logs.read(aws, group(), since))
    assert [one.envelope["message"] for one in found] == ["a", "b", "c"]


def test_a_missing_group_says_what_to_do(aws):
    with pytest.raises(
        EngineError, match=r"log group /nowhere does not exist in local; what to do: run `slipway up -s local`"
    ):
        list(logs.read(aws, group("/nowhere"), NOW))


def test_following_shows_each_event_once(aws, monkeypatch):
    monkeypatch.setattr(logs, "POLL_S", 0)
    put("a", "b")
    stop = threading.Event()
    seen = []
    for one in logs.follow(aws, group(), dt.datetime.now(dt.UTC) - dt.timedelta(hours=1), stop):
        seen.append(one.envelope["message"])
        if seen == ["a", "b"]:
            put("c")
        if seen[-1] == "c":
            stop.set()
    assert seen == ["a", "b", "c"]


def test_an_event_becomes_the_envelope_of_a_sink(aws):
    moment = dt.datetime.now(dt.UTC).replace(microsecond=123_000)
    put(json.dumps({"timestamp": "x", "level": "WARNING", "message": "low", "sku": 7, "requestId": "r"}), at=moment)
    put("x" * (256 * 1024 - 26), at=moment)
    first, second = logs.read(aws, group(), moment - dt.timedelta(hours=1))
    assert first.envelope == {
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.123Z",
        "severity": "WARN",
        "message": "low",
        "fields": {"sku": 7},
        "function": "hello",
        "environment": "local",
        "target": "lambda",
        "revision": "7",
        "owner": "team-shop",
        "source": "function",
        "request_id": "r",
        "id": first.id,
    }
    assert first.id
    assert "cut" not in first.envelope
    assert second.envelope["cut"] is True


def test_a_group_has_everything_since_it_was_made_and_within_its_retention(aws):
    now = dt.datetime.now(dt.UTC)
    made = logs.kept_since(aws, GROUP, now)
    assert abs((now - made).total_seconds()) < 60
    boto3.client("logs", region_name="eu-central-1").put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    later = now + dt.timedelta(days=30)
    assert logs.kept_since(aws, GROUP, later) == later - dt.timedelta(days=7)
    assert logs.kept_since(aws, GROUP.removesuffix("lo"), now) is None
