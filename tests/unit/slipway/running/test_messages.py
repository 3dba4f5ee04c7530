"""What a message says, and that the sinks' own reader of messages on Lambda says the same."""

import json

import hypothesis.strategies as st
import pytest
from hypothesis import given
from slipway_shipper import formats

from slipway.core.envelope import Envelope
from slipway.running import messages
from slipway.running.records import Origin

FRAMES = ['  File "/var/task/main.py", line 4, in f\n    raise ValueError("x")\n']
TRACEBACK = (
    'Traceback (most recent call last):\n  File "main.py", line 4, in f\n    raise ValueError("x")\nValueError: x'
)
REPORT = {
    "time": "2026-11-26T10:52:03.123Z",
    "type": "platform.report",
    "record": {
        "requestId": "r",
        "status": "timeout",
        "errorType": "Sandbox.Timedout",
        "metrics": {"durationMs": 1.5},
        "tracing": {"spanId": "s", "value": "Root=1-5f84c7a1-0123456789abcdef01234567;Sampled=1"},
    },
}
MESSAGES = [
    "plain text\n",
    "",
    "[1, 2]",
    '{"a": 1}',
    '{"cut off": "in the midd',
    "[ERROR] it failed",
    "[ERROR] " + TRACEBACK,
    "[SHOUT] what",
    TRACEBACK,
    "before\n" + TRACEBACK + "\n",
    '{"level": "warning", "msg": "low\\n", "order": 7, "requestId": "r", "logger": "main"}',
    '{"severity": "CRITICAL", "message": {"message": "inner", "order": 7}, "trace_id": "t", "spanId": "s"}',
    '{"message": {"order": 7}, "timestamp": "2026-11-26T10:52:03.123456Z"}',
    '{"message": ["a"], "timestamp": "2026-11-26T10:52:03Z"}',
    '{"message": null, "level": 30, "function_request_id": ""}',
    json.dumps(
        {"level": "ERROR", "message": "failed", "errorType": "ValueError", "errorMessage": "x", "stackTrace": FRAMES}
    ),
    json.dumps({"errorType": "ValueError", "errorMessage": "x", "stackTrace": []}),
    json.dumps({"exception": TRACEBACK, "message": "failed"}),
    json.dumps(REPORT),
    json.dumps({"type": "platform.start", "record": {"requestId": "r", "version": "7"}}),
    json.dumps({"type": "platform.start", "record": "none"}),
]


def as_the_shipper(message):
    said = formats.read(message)
    parts = {name: getattr(said, name) for name in formats.Said.__slots__}
    return {name: part for name, part in parts.items() if part not in (None, {})}


@pytest.mark.parametrize("message", MESSAGES)
def test_the_shipper_on_lambda_says_the_same(message):
    assert messages.read(message) == as_the_shipper(message)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(sorted(messages._STANDARD | {"type", "record", "order", "time"}))


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_whatever_a_record_holds_both_say_the_same(value):
    message = json.dumps(value)
    assert messages.read(message) == as_the_shipper(message)


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_makes_an_envelope(message):
    origin = Origin(environment="prod", function="orders", target="lambda", owner="team-shop")
    assert Envelope.model_validate(
        origin.record(message, timestamp="2026-11-26T10:52:03.000Z", id="i", revision="7").envelope
    )


def test_what_a_record_says_stands_where_the_envelope_has_it():
    found = messages.read(json.dumps({**REPORT, "time": "2026-11-26T10:52:03Z"}))
    assert found == {
        "severity": "ERROR",
        "message": "platform.report timeout",
        "fields": {"status": "timeout", "metrics": {"durationMs": 1.5}},
        "error": {"type": "Sandbox.Timedout"},
        "source": "platform",
        "request_id": "r",
        "trace_id": "5f84c7a10123456789abcdef01234567",
        "span_id": "s",
    }
    assert messages.read(TRACEBACK)["error"] == {"type": "ValueError", "message": "x", "stack": TRACEBACK}
