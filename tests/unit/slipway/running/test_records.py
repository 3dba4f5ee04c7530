import datetime as dt

import pytest

from slipway.core.errors import BadInputError
from slipway.running.records import Record, last, parse_since

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


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
    assert parse_since(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "10", "m", "-1h", "2026-13-01", "99999999999999d"])
def test_other_times_are_refused_with_examples(text):
    with pytest.raises(BadInputError, match=r"--since: .* is no time; give 30s, 10m"):
        parse_since(text, NOW)


def record(message):
    return Record(NOW, message, "s", "1")


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


def test_the_last_ones_are_kept():
    found = [record("a"), record("b"), record("c")]
    assert [one.message for one in last(found, 2)] == ["b", "c"]
    assert last(found, 0) == []
