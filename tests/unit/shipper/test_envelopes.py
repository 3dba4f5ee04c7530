"""What becomes of messages: every form that Lambda and the adapter write, and the wishes of a sink."""

import json

import jsonschema
import pytest

from slipway.core.redaction import KEYS, expressions

REQUEST = "8f507cfc-1b2a-4c3d-9e8f-0a1b2c3d4e5f"
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/var/task/main.py", line 3, in order\n'
    "    raise ValueError('no stock')\n"
    "ValueError: no stock"
)


@pytest.fixture(scope="module")
def valid(request):
    schema = json.loads((request.config.rootpath / "docs/schema/log.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema).validate


@pytest.fixture
def one(shipped, valid):
    def ship(message, **values):
        (envelope,) = shipped(message if isinstance(message, str) else json.dumps(message), **values)
        valid(envelope)
        return envelope

    return ship


def test_plain_text_says_where_and_when_it_was_written(one):
    assert one("hello\n") == {
        "timestamp": "2026-11-26T10:52:03.123Z",
        "severity": "INFO",
        "message": "hello",
        "function": "orders",
        "environment": "dev",
        "target": "lambda",
        "revision": "7",
        "source": "function",
        "id": "38000000000000000000000000000000000000000000000000000000",
    }


def test_a_record_of_lambdas_json_format(one):
    found = one(
        {
            "timestamp": "2026-11-26T10:52:03Z",
            "level": "WARNING",
            "message": "stock is low",
            "logger": "shop",
            "requestId": REQUEST,
            "function": "slipway-dev-orders",
            "left": 3,
        }
    )
    assert (found["severity"], found["message"], found["request_id"]) == ("WARN", "stock is low", REQUEST)
    assert found["fields"] == {"logger": "shop", "left": 3}
    assert found["timestamp"] == "2026-11-26T10:52:03.123Z", "the event's own time is finer than to the second"
    assert found["function"] == "orders", "the short name, not the deployed one"


def test_a_time_that_is_fine_enough_is_the_functions_own(one):
    assert one({"message": "x", "timestamp": "2026-11-26T10:52:03.004567Z"})["timestamp"].endswith(".004567Z")


def test_an_error_keeps_its_whole_traceback_in_one_record(one):
    found = one(
        {
            "level": "ERROR",
            "message": "order failed",
            "errorType": "ValueError",
            "errorMessage": "no stock",
            "stackTrace": ['  File "/var/task/main.py", line 3, in order\n', "    raise ValueError('no stock')\n"],
            "requestId": REQUEST,
        }
    )
    stack = "  File \"/var/task/main.py\", line 3, in order\n    raise ValueError('no stock')"
    assert found["error"] == {"type": "ValueError", "message": "no stock", "stack": stack}
    assert found["message"] == "order failed"


def test_an_error_that_lambda_reports_without_a_message_has_one(one):
    found = one({"errorType": "Runtime.ExitError", "errorMessage": "exit status 1", "requestId": REQUEST})
    assert (found["message"], found["severity"]) == ("Runtime.ExitError: exit status 1", "ERROR")


def test_a_structured_message_is_fields_and_its_own_words(one):
    found = one({"level": "INFO", "message": {"msg": "paid", "order": "A-17"}, "requestId": REQUEST})
    assert (found["message"], found["fields"]) == ("paid", {"msg": "paid", "order": "A-17"})
    assert one({"message": ["a", 1]})["message"] == '["a",1]'


def test_a_json_object_without_a_message_is_shown_whole(one):
    found = one({"order": "A-17"})
    assert (found["message"], found["fields"]) == ('{"order":"A-17"}', {"order": "A-17"})


def test_trace_and_span_are_taken_over(one):
    found = one({"message": "x", "trace_id": "5759e988bd862e3fe1be46a994272793", "spanId": "53995c3f42cd8ad8"})
    assert (found["trace_id"], found["span_id"]) == ("5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8")
    assert "fields" not in found


@pytest.mark.parametrize(
    ("message", "severity", "text", "request_id"),
    [
        (f"[ERROR]\t2026-11-26T10:52:03.123Z\t{REQUEST}\tno stock\n", "ERROR", "no stock", REQUEST),
        ("[WARNING]\t2026-11-26T10:52:03.123Z\t\tlow\n", "WARN", "low", None),
        (f"2026-11-26T10:52:03.123Z\t{REQUEST}\tINFO\tfrom node\n", "INFO", "from node", REQUEST),
        ("[CRITICAL] gone", "FATAL", "gone", None),
        ("[section] of an ini file", "INFO", "[section] of an ini file", None),
        ("[ELSEWHERE] unknown", "INFO", "[ELSEWHERE] unknown", None),
    ],
)
def test_lambdas_text_format(one, message, severity, text, request_id):
    found = one(message)
    assert (found["severity"], found["message"], found.get("request_id")) == (severity, text, request_id)


def test_an_unhandled_error_in_text_format(one):
    found = one(f"[ERROR] ValueError: no stock\n{TRACEBACK.rpartition(chr(10))[0]}")
    assert found["severity"] == "ERROR"
    assert found["error"]["type"] == "ValueError"
    assert found["error"]["message"] == "no stock"


def test_a_printed_traceback_is_one_record_although_each_line_is_an_event(shipped, valid):
    found = shipped("before", *TRACEBACK.splitlines(), "after", "Traceback (most recent call last):")
    assert [envelope["message"] for envelope in found] == [
        "before",
        TRACEBACK,
        "after",
        "Traceback (most recent call last):",
    ]
    assert found[1]["error"] == {"type": "ValueError", "message": "no stock", "stack": TRACEBACK}
    assert found[1]["severity"] == "ERROR"
    assert found[1]["id"].endswith("1")
    for envelope in found:
        valid(envelope)


def test_a_chain_of_printed_tracebacks_is_one_record(shipped):
    chained = [
        *TRACEBACK.splitlines(),
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        *TRACEBACK.replace("ValueError", "KeyError").splitlines(),
        "after",
    ]
    found = shipped(*chained)
    assert [envelope.get("error", {}).get("type") for envelope in found] == ["KeyError", None]


def test_records_of_lambda_itself_are_told_apart(one):
    found = one(
        {
            "time": "2026-11-26T10:52:03.456Z",
            "type": "platform.report",
            "record": {
                "requestId": REQUEST,
                "status": "timeout",
                "errorType": "Sandbox.Timedout",
                "metrics": {"durationMs": 1000.0},
                "tracing": {
                    "type": "X-Amzn-Trace-Id",
                    "spanId": "53995c3f42cd8ad8",
                    "value": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
                },
            },
        }
    )
    assert (found["source"], found["message"], found["severity"]) == ("platform", "platform.report timeout", "ERROR")
    assert found["fields"] == {"status": "timeout", "metrics": {"durationMs": 1000.0}}
    assert found["error"] == {"type": "Sandbox.Timedout"}
    assert found["trace_id"] == "5759e988bd862e3fe1be46a994272793"
    assert found["timestamp"] == "2026-11-26T10:52:03.456Z"


@pytest.mark.parametrize(
    ("message", "severity"),
    [
        (f"START RequestId: {REQUEST} Version: 7", "INFO"),
        (f"END RequestId: {REQUEST}", "INFO"),
        (f"REPORT RequestId: {REQUEST}\tDuration: 3.00 ms\tBilled Duration: 4 ms", "INFO"),
        (f"2026-11-26T10:52:03.123Z {REQUEST} Task timed out after 1.00 seconds", "ERROR"),
        (f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed", "ERROR"),
    ],
)
def test_what_lambda_writes_as_text_is_the_platforms(one, message, severity):
    found = one(message)
    assert (found["source"], found["severity"], found["request_id"]) == ("platform", severity, REQUEST)


def test_a_sink_without_platform_gets_the_functions_words_alone(shipped):
    report = json.dumps({"type": "platform.report", "record": {"requestId": REQUEST}})
    assert [e["message"] for e in shipped(report, "mine", platform=False)] == ["mine"]


def test_level_and_exclusion_choose(shipped):
    messages = [json.dumps({"level": level, "message": level}) for level in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")]
    assert [e["message"] for e in shipped(*messages, level="WARN")] == ["WARN", "ERROR", "FATAL"]
    assert [e["message"] for e in shipped("GET /health 200", "GET /orders", exclude=["^GET /health"])] == [
        "GET /orders"
    ]


def test_what_must_not_leave_is_masked_wherever_it_stands(one):
    found = one(
        {
            "level": "ERROR",
            "message": "card 4111111111111111",
            "errorType": "ValueError",
            "errorMessage": "4111111111111111 refused",
            "stackTrace": ["  pay(4111111111111111)\n"],
            "card": 4111111111111111,
            "deep": [{"4111111111111111": "x", "list": ["a 4111111111111111"]}],
            "amount": 41.5,
            "paid": True,
        },
        redact=[r"\b4\d{15}\b"],
    )
    assert "4111" not in json.dumps(found)
    assert found["message"] == "card [redacted]"
    assert found["fields"]["card"] == "[redacted]"
    assert (found["fields"]["amount"], found["fields"]["paid"]) == (41.5, True)


def test_values_under_keys_that_hide_them_are_masked_whole(one):
    fields = {"message": "x", "user": {"db_password": {"a": 1}, "name": "ada"}, "Authorization": "Basic abc"}
    found = one(fields, redact_keys="(?i:password|authorization)$")
    assert found["fields"] == {"user": {"db_password": "[redacted]", "name": "ada"}, "Authorization": "[redacted]"}


@pytest.mark.parametrize("size", [256 * 1024, 256 * 1024 - 26, 1024 * 1024 - 26])
def test_a_record_that_is_as_long_as_lambda_lets_it_be_says_that_it_was_cut(one, size):
    assert one("x" * size)["cut"] is True
    assert one('{"message": "' + "x" * (size - 13))["cut"] is True


@pytest.mark.parametrize("size", [1, 256 * 1024 - 27, 256 * 1024 + 1])
def test_a_record_that_is_whole_does_not(one, size):
    assert "cut" not in one("x" * size)


@pytest.mark.parametrize(
    "message", ["", "   ", "{", "{}", "[" * 5000, '{"message": null}', "\x00\x1b[31mred", "naïve ☃"]
)
def test_no_text_is_too_odd(one, message):
    one(message)


def test_a_deep_object_is_text(one):
    deep = '{"a":' * 100_000
    assert one(deep)["message"] == deep


def test_a_stream_that_names_no_version_leaves_it_out(one):
    assert "revision" not in one("x", stream="my-own-stream")


CANARIES = {
    "bearer": "Authorization: Bearer c4n4ry-T0ken.abcdefghijklmnop",
    "card": "paid with 4111 1111 1111 1111",
    "email": "sent to ada.canary@example.com",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlY2FuYXJ5",
    "aws-key": "AKIAIOSFODNN7CANARY1",
    "password": "password=c4n4ry-hunter2",
}


@pytest.mark.parametrize("name", sorted(CANARIES))
def test_the_named_patterns_mask_on_lambda(shipped, name):
    canary = CANARIES[name]
    told = {"redact": expressions([name], []), "redact_keys": KEYS}
    plain, structured = shipped(canary, json.dumps({"message": "x", "fields": {"note": [canary]}}), **told)
    for envelope in (plain, structured):
        assert "[redacted]" in json.dumps(envelope)
        assert not any(secret in json.dumps(envelope) for secret in ("c4n4ry", "4111", "canary@", "eyJ", "CANARY"))
