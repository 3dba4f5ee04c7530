import datetime as dt
import threading

import boto3
import moto
import pytest

from slipway.aws import logs
from slipway.aws.clients import Aws
from slipway.core.errors import BadInputError, EngineError

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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", NOW - dt.timedelta(seconds=30)),
        ("10m", NOW - dt.timedelta(minutes=10)),
        (" 2H ", NOW - dt.timedelta(hours=2)),
        ("1d", NOW - dt.timedelta(days=1)),
        ("2026-11-21T10:00:00Z", dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)),
    ],
)
def test_times_are_understood(text, expected):
    assert logs.parse_since(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "10", "m", "-1h", "2026-13-01"])
def test_other_times_are_refused_with_examples(text):
    with pytest.raises(BadInputError, match=r"--since: .* is no time; give 30s, 10m"):
        logs.parse_since(text, NOW)


def record(message):
    return logs.Record(NOW, message, "s", "1")


def test_records_read_time_level_message():
    stamp = NOW.astimezone().isoformat(timespec="milliseconds")
    cases = {
        '{"timestamp": "x", "level": "INFO", "message": "hello", "requestId": "r"}': "INFO  hello",
        '{"level": "ERROR", "message": "failed", "stackTrace": ["  File a\\n", "  b"]}': "ERROR failed\n  File a\n  b",
        '{"type": "platform.report", "record": {"requestId": "r", "status": "success", "metrics": {"durationMs": 1.5, "maxMemoryUsedMB": 40}}}': "INFO  platform.report request=r status=success duration=1.5 ms memory=40 MB",
        "ERROR something": "ERROR ERROR something",
        "plain text\n": "      plain text",
        "[1, 2]": "      [1, 2]",
        '{"a": 1}': '      {"a": 1}',
    }
    for message, expected in cases.items():
        assert record(message).render() == f"{stamp} {expected}"


def test_json_records_stay_json():
    assert record('{"a": 1}').to_json()["message"] == {"a": 1}
    assert record("text\n").to_json()["message"] == "text"


def test_reading_starts_at_the_time_and_last_keeps_the_end(aws):
    put("old", at=dt.datetime.now(dt.UTC) - dt.timedelta(hours=2))
    put("a", "b", "c")
    since = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    found = list(logs.read(aws, GROUP, since))
    assert [one.message for one in found] == ["a", "b", "c"]
    assert [one.message for one in logs.last(found, 2)] == ["b", "c"]
    assert logs.last(found, 0) == []


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
