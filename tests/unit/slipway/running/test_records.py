import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.core.envelope import Envelope
from slipway.core.errors import BadInputError
from slipway.running.records import (
    KEYS,
    Origin,
    Record,
    last,
    moment_of,
    nanos_of,
    parse_since,
    parse_stamp,
    stamp_of,
)

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


def record(message, **parts):
    said = {"timestamp": stamp_of(nanos_of(NOW)), "severity": "INFO", "message": message, "id": message, **parts}
    return Record.of(said)


def test_records_read_time_level_message():
    stamp = NOW.astimezone().isoformat(timespec="milliseconds")
    assert record("hello").render() == f"{stamp} INFO  hello"
    assert record("failed", severity="ERROR", fields={"sku": 7}).render() == f"{stamp} ERROR failed sku=7"
    assert record("long", cut=True).render() == f"{stamp} INFO  long [cut]"


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("2026-11-22T12:00:00Z", 0),
        ("2026-11-22T12:00:00.5Z", 500_000_000),
        ("2026-11-22t12:00:00.123456789z", 123_456_789),
        ("2026-11-22T13:00:00.000000001+01:00", 1),
        ("2026-11-22T12:00:00.1234567891", 123_456_789),
    ],
)
def test_stamps_are_read_to_the_nanosecond(text, nanos):
    assert parse_stamp(text) == nanos_of(NOW) + nanos


@given(st.integers(0, 4_000_000_000_000_000_000))
def test_a_stamp_that_is_written_is_read_again(nanos):
    text = stamp_of(nanos)
    assert parse_stamp(text) == nanos
    assert parse_stamp(stamp_of(nanos, 3)) == nanos // 1_000_000 * 1_000_000
    assert nanos_of(moment_of(nanos)) == nanos // 1000 * 1000


@pytest.mark.parametrize("envelope", [None, [], "text", {}, {"timestamp": "yesterday"}, {"timestamp": 5}])
def test_what_is_no_envelope_is_refused(envelope):
    with pytest.raises(ValueError, match=r"no JSON object|is no RFC 3339 time"):
        Record.of(envelope)


def test_the_envelopes_keys_are_those_of_its_model():
    assert list(Envelope.model_fields) == list(KEYS)


def test_a_message_becomes_an_envelope():
    origin = Origin(environment="prod", function="orders", target="lambda", owner=None)
    said = '{"level": "ERROR", "message": "m", "errorType": "E"}'
    made = origin.record(said, timestamp="1970-01-01T00:00:00.005Z", id="i", revision="7")
    assert Envelope.model_validate(made.envelope)
    assert made.envelope["timestamp"] == "1970-01-01T00:00:00.005Z"
    fine = '{"message": "m", "timestamp": "2026-11-22T12:00:00.001Z"}'
    for own_time, expected in ((True, nanos_of(NOW) + 1_000_000), (False, 5_000_000)):
        made = origin.record(fine, timestamp="1970-01-01T00:00:00.005Z", id="i", revision=None, own_time=own_time)
        assert made.nanos == expected


def test_the_last_ones_are_kept():
    found = [record("a"), record("b"), record("c")]
    assert [one.id for one in last(found, 2)] == ["b", "c"]
    assert last(found, 0) == []
