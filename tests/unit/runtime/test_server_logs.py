"""The lines of a container have the fields that AWS's own runtime client writes."""

import json
import logging
import sys

import pytest
from awslambdaric.lambda_runtime_log_utils import JsonFormatter
from slipway_runtime import logs
from slipway_runtime.server_logs import REQUEST_ID, JsonLines


def records():
    def make(level, message, *words, error=None, **extra):
        record = logging.getLogger("main").makeRecord(
            "main", level, "/app/main.py", 7, message, words, error, "f", extra
        )
        record.created = 1795334400.5
        return record

    yield make(logging.INFO, "hello %s", "Ü")
    yield make(logging.WARNING, "with", order=5, tags=["a"], odd=object)
    yield make(logging.INFO, {"structured": True})
    yield make(logging.CRITICAL, "level")
    try:
        int("inside")
    except ValueError:
        yield make(logging.ERROR, "failed", error=sys.exc_info())


@pytest.fixture
def handler(monkeypatch):
    """What the adapter adds on Lambda."""
    found = logging.StreamHandler()
    monkeypatch.setattr(logging.getLogger(), "handlers", [found])
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "hello")
    logs.add_function_name()
    return found


@pytest.mark.parametrize("number", range(5))
def test_the_same_line_as_on_lambda(handler, number):
    ours, theirs = list(records())[number], list(records())[number]
    token = REQUEST_ID.set("r1")
    try:
        line = json.loads(JsonLines("hello").format(ours))
    finally:
        REQUEST_ID.reset(token)
    theirs.aws_request_id = "r1"
    handler.filter(theirs)
    reference = json.loads(JsonFormatter().format(theirs))
    for found in (line, reference):
        found.pop("stackTrace", None)
    assert line == reference


def test_a_traceback_is_a_list_of_frames():
    line = json.loads(JsonLines("hello").format(list(records())[4]))
    assert any('int("inside")' in frame for frame in line["stackTrace"])
    assert (line["errorType"], "inside" in line["errorMessage"]) == ("ValueError", True)
