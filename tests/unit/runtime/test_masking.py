"""Values of secrets in what a function writes."""

import base64
import io
import json
import logging
import sys
import urllib.parse

import pytest
from slipway_runtime import masking
from slipway_runtime.masking import Mask

VALUE = 'k"n4ry/ö+\\?&s3cr3t'
HIDDEN = "[redacted]"


def written(*values):
    """A masked text stream, and what it has written below."""
    below = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    return masking._masked(below, Mask(values)), below.buffer.getvalue


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        repr(VALUE)[1:-1],
        json.dumps(VALUE),
        json.dumps({"a": json.dumps({"password": VALUE})}),
        json.dumps(VALUE, ensure_ascii=False),
        urllib.parse.quote(VALUE),
        f"postgres://u:{urllib.parse.quote(VALUE, safe='')}@db/x",
        urllib.parse.urlencode({"password": VALUE}),
        base64.b64encode(VALUE.encode()).decode(),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
        *(base64.b64encode(("u" * size + ":" + VALUE + ":after").encode()).decode() for size in range(3)),
    ],
)
def test_forms_of_a_value(form):
    masked = Mask([VALUE]).text(f"before {form} after")
    assert HIDDEN in masked
    assert (masked.startswith("before "), masked.endswith(" after")) == (True, True)
    left = masked.replace(HIDDEN, "")
    assert "n4ry" not in left
    assert base64.b64encode(VALUE.encode()).decode()[2:8] not in left
    assert Mask([VALUE]).content(f"before {form} after".encode()) == masked.encode()


def test_a_value_in_another_one_and_parts_of_json_and_lines():
    document = json.dumps({"user": "app-user", "keys": [{"token": "t0ken-of-api"}], "port": 5432, "short": "abc"})
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nab==\n-----END KEY-----\n"
    mask = Mask(["hunter22", "postgres://hunter22@db", document, key])
    assert mask.text("to postgres://hunter22@db with hunter22") == f"to {HIDDEN} with {HIDDEN}"
    assert mask.text("app-user t0ken-of-api 5432 abc") == f"{HIDDEN} {HIDDEN} 5432 abc"
    assert mask.text("MIIEvQIBADANBg alone") == f"{HIDDEN} alone"
    assert mask.text(f"key {key}") == f"key {HIDDEN}"


def test_short_values_are_no_masks():
    assert Mask(["1", "", "seven77"]).text("1 seven77") == "1 seven77"
    assert Mask([]).content(b"as it is") == b"as it is"


@pytest.mark.parametrize("size", range(1, 8))
def test_a_value_in_parts(size):
    stream, said = written("canary-value")
    text = "a canary-value, a canary-val and canary-value"
    for start in range(0, len(text), size):
        stream.write(text[start : start + size])
    stream.flush()
    assert said().decode() == f"a {HIDDEN}, a canary-val and {HIDDEN}"


def test_what_is_no_value_is_there_at_once():
    stream, said = written("canary-value")
    stream.write("a line\n")
    assert said() == b"a line\n"
    stream.write("no end")
    assert said() == b"a line\nno end"
    stream.write(" can")
    assert said() == b"a line\nno end "
    stream.write("not")
    assert said() == b"a line\nno end cannot"


def test_bytes_and_what_is_no_text():
    stream, said = written("canary-value")
    stream.buffer.write(b"\xff\x00 canary-value\n")
    assert said() == f"\0 {HIDDEN}\n".join(["\xff", ""]).encode("latin-1")


@pytest.fixture
def process(monkeypatch):
    """`process(secrets)` masks secrets in what this process writes, and gives a look at it."""

    def masked(secrets):
        below = {name: io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for name in ("stdout", "stderr")}
        for name, stream in below.items():
            monkeypatch.setattr(sys, name, stream)
            monkeypatch.setattr(sys, f"__{name}__", stream)
        monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(below["stdout"])])
        masking.install(secrets)

        def said():
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            return "".join(stream.buffer.getvalue().decode() for stream in below.values())

        return said

    return masked


def test_prints_records_and_tracebacks(process):
    look = process({"TOKEN": "canary-value"})
    sys.stdout.write("print canary-value\n")
    sys.__stderr__.write("error canary-value\n")
    try:
        int("raised canary-value")
    except ValueError:
        logging.getLogger("x").exception("logged %s", "canary-value")
    said = look()
    assert "canary-value" not in said
    for word in ("print", "error", "raised", "logged"):
        assert f"{word} {HIDDEN}" in said


def test_what_the_runtime_client_of_aws_writes_itself(monkeypatch):
    from awslambdaric.bootstrap import FramedTelemetryLogSink, LambdaLoggerHandlerWithFrameType, log_error

    sink = FramedTelemetryLogSink(1)
    sink.file = io.BytesIO()
    handler = LambdaLoggerHandlerWithFrameType(sink)
    masking._mask_handler(handler, Mask(["canary-value"]))
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    log_error({"errorMessage": "no canary-value", "errorType": "E", "stackTrace": [], "requestId": "1"}, sink)
    logging.getLogger("x").warning("logged %s", "canary-value")
    said = sink.file.getvalue().decode("latin-1")
    assert "canary-value" not in said
    assert f"no {HIDDEN}" in said
    assert f"logged {HIDDEN}" in said


def test_too_short_a_value_is_told_by_its_variable_alone(process):
    look = process({"PIN": "4711", "TOKEN": "canary-value"})
    assert look() == "variable PIN is not masked in logs: its value has less than 8 characters\n"


def test_without_secrets_nothing_is_changed(process):
    process(masking.from_environ({"OTHER": "x", "SLIPWAY_MASKED": "ABSENT"}))
    assert isinstance(sys.stdout.buffer, io.BytesIO)


def test_variables_are_named():
    environ = {"SLIPWAY_MASKED": "A,B,C", "A": "1", "C": "2", "D": "3"}
    assert masking.from_environ(environ) == {"A": "1", "C": "2"}
