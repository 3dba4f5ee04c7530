"""The record that arrives in a sink: model and schema say the same."""

import jsonschema
import pytest
from pydantic import ValidationError

from slipway.core.envelope import Envelope
from slipway.core.schema import log_schema

LEAST = {
    "timestamp": "2026-11-26T10:52:03.123Z",
    "severity": "INFO",
    "message": "hello",
    "function": "orders",
    "environment": "prod",
    "target": "lambda",
    "source": "function",
    "id": "39201-0",
}
MOST = LEAST | {
    "timestamp": "2026-11-26T10:52:03.123456789Z",
    "severity": "ERROR",
    "fields": {"order": "A-17", "lines": [1, {"a": None}]},
    "error": {"type": "ValueError", "message": "no", "stack": "  File ...\n    raise"},
    "revision": "42",
    "owner": "team-a",
    "commit": "abc",
    "request_id": "r",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "span_id": "b7ad6b7169203331",
    "cut": True,
}
SCHEMA = jsonschema.Draft202012Validator(log_schema())


@pytest.mark.parametrize("record", [LEAST, MOST, LEAST | {"message": ""}, LEAST | {"error": {}}])
def test_right_records(record):
    SCHEMA.validate(record)
    assert Envelope.model_validate(record).model_dump(exclude_none=True) == record


@pytest.mark.parametrize(
    "record",
    [
        *({key: value for key, value in LEAST.items() if key != missing} for missing in LEAST),
        LEAST | {"timestamp": "2026-11-26T10:52:03Z"},
        LEAST | {"timestamp": "2026-11-26T10:52:03.123+01:00"},
        LEAST | {"timestamp": "2026-11-26T10:52:03.1234567890Z"},
        LEAST | {"severity": "WARNING"},
        LEAST | {"message": {"a": 1}},
        LEAST | {"fields": []},
        LEAST | {"error": {"trace": "x"}},
        LEAST | {"target": "aws"},
        LEAST | {"source": "stdout"},
        LEAST | {"id": ""},
        LEAST | {"function": ""},
        LEAST | {"cut": False},
        LEAST | {"logger": "root"},
    ],
)
def test_wrong_records(record):
    assert not SCHEMA.is_valid(record)
    with pytest.raises(ValidationError):
        Envelope.model_validate(record)


def test_what_is_not_known_is_left_out():
    """The model takes None for what is optional; what is written never has it."""
    assert not SCHEMA.is_valid(LEAST | {"revision": None})
    assert "revision" not in Envelope.model_validate(LEAST | {"revision": None}).model_dump(exclude_none=True)
