"""What lines of pods become, by the real collector, compared with the schema of the records."""

import json

import pytest
from jsonschema import Draft202012Validator

from slipway.core.envelope import Envelope
from tests.log_agent import ENVIRONMENT, NAMESPACE

SCHEMA = Draft202012Validator(Envelope.model_json_schema())


def only(store, message):
    return next(record for record in store.records if record["message"] == message)


def checked(records):
    for record in records:
        SCHEMA.validate(record)
    return records


def test_a_line_of_text_is_an_envelope(agent, store):
    pod = agent.pod("orders")
    pod.write("hello, world")
    (record,) = checked(store.wait(1))
    assert record | {"id": "", "timestamp": ""} == {
        "timestamp": "",
        "severity": "INFO",
        "message": "hello, world",
        "function": "orders",
        "environment": ENVIRONMENT,
        "target": "knative",
        "revision": "orders-0123456789",
        "source": "function",
        "id": "",
    }
    assert store.resources[0] == {
        "service.name": "orders",
        "service.namespace": NAMESPACE,
        "deployment.environment.name": ENVIRONMENT,
    }


def test_a_line_of_json_keeps_what_it_says(agent, store):
    said = {
        "timestamp": "2026-11-26T10:52:03Z",
        "level": "WARNING",
        "message": "low stock",
        "logger": "main",
        "requestId": "r-1",
        "function": "orders",
        "sku": "CARD-80",
        "left": 9007199254740993,
        "nested": {"a": [1, {"b": True}]},
    }
    agent.pod("orders").write(json.dumps(said))
    (record,) = checked(store.wait(1))
    assert (record["severity"], record["message"], record["request_id"]) == ("WARN", "low stock", "r-1")
    assert record["fields"] == {
        "logger": "main", "sku": "CARD-80", "left": 9007199254740993, "nested": {"a": [1, {"b": True}]}
    }  # fmt: skip


def test_an_error_in_json_has_its_stack_as_one_text(agent, store):
    frames = ['  File "/app/main.py", line 3, in f\n    raise ValueError("a\\",\\"b")\n', "  File <x>\n    last\n"]
    said = {
        "level": "ERROR",
        "message": "failed",
        "errorType": "ValueError",
        "errorMessage": "no",
        "stackTrace": frames,
    }
    agent.pod().write(json.dumps(said))
    (record,) = checked(store.wait(1))
    assert record["error"] == {"type": "ValueError", "message": "no", "stack": "".join(frames).rstrip("\n")}
    assert "fields" not in record


TRACEBACK = """Traceback (most recent call last):
  File "/app/main.py", line 3, in inner
    return {}["a"]
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 8, in <module>
    main()
shop.OrderError: no such order"""


def test_a_traceback_in_text_is_one_record(agent, store):
    agent.pod().write("before", TRACEBACK, "after", stream="stderr")
    checked(store.wait(3))
    assert sorted(store.messages()) == sorted(["before", TRACEBACK, "after"])
    record = only(store, TRACEBACK)
    assert record["error"] == {"type": "shop.OrderError", "message": "no such order", "stack": TRACEBACK}
    assert record["severity"] == "ERROR"


JAVA = "java.lang.IllegalStateException: boom\n\tat A.b(A.java:1)\nCaused by: java.io.IOException: x\n\t... 1 more"


def test_a_trace_of_java_is_one_record(agent, store):
    agent.pod().write("before", JAVA, "after")
    checked(store.wait(3))
    assert sorted(store.messages()) == sorted(["before", JAVA, "after"])


@pytest.mark.parametrize("size", [16 * 1024, 16 * 1024 + 1, 50_000, 90_000])
def test_a_line_that_the_runtime_wrote_in_parts_is_whole_again(agent, store, size):
    text = ("0123456789" * (size // 10 + 1))[:size]
    agent.pod().write("before", text, "after")
    checked(store.wait(3))
    assert max(store.messages(), key=len) == text
    assert all("cut" not in record for record in store.records)


def test_letters_on_the_seam_of_two_parts_are_whole_and_blanks_at_the_end_stay(agent, store):
    text = "a" + "é" * 40_000 + "  "
    agent.pod().write("before", text, "after")
    checked(store.wait(3))
    assert max(store.messages(), key=len) == text


def test_a_line_of_a_megabyte_is_cut_and_says_so(agent, store):
    agent.pod().write("before", "é" * 500_000, "after")
    checked(store.wait(3))
    record = max(store.records, key=lambda record: len(record["message"]))
    assert record["cut"] is True
    assert set(record["message"]) == {"é"}
    assert len(json.dumps(record, ensure_ascii=False).encode()) <= 250_000
    assert {"before", "after"} <= set(store.messages())


def test_binary_bytes_neither_stop_nor_break_anything(agent, store):
    agent.pod().write("before", bytes(range(1, 10)) + bytes(range(11, 256)), b"\xff\xfe\x00tail", "after")
    checked(store.wait(4))
    assert {"before", "after"} <= set(store.messages())


def test_control_characters_by_the_hundred_thousand_fit_too(agent, store):
    agent.pod().write(b"\x01" * 200_000)
    (record,) = checked(store.wait(1))
    assert record["cut"] is True
    assert len(json.dumps(record).encode()) <= 250_000


def test_requests_come_from_the_proxy_beside_the_function(agent, store):
    said = {
        "slipway": "request", "method": "GET", "path": "/orders", "status": 503, "latency": 0.25, "size": 12,
        "requestId": "r-7", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }  # fmt: skip
    pod = agent.pod("orders", container="queue-proxy")
    pod.write(json.dumps(said), json.dumps({"severity": "WARNING", "message": "shutting down", "logger": "queueproxy"}))
    checked(store.wait(2))
    request, own = only(store, "GET /orders 503"), only(store, "shutting down")
    assert (request["source"], request["severity"], request["request_id"]) == ("request", "ERROR", "r-7")
    assert (request["trace_id"], request["span_id"]) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert request["fields"] == {"method": "GET", "path": "/orders", "status": 503, "latency": 0.25, "size": 12}
    assert (own["source"], own["severity"]) == ("platform", "WARN")


def test_ids_differ_between_records_and_not_between_deliveries(agent, store, tmp_path):
    pod = agent.pod()
    pod.write_many([f"line {number}" for number in range(50)])  # all of one moment
    first = {record["message"]: record["id"] for record in store.wait(50)}
    assert len(set(first.values())) == 50
    agent.kill()
    for path in (tmp_path / "state").rglob("*"):
        if path.is_file():
            path.unlink()
    agent.start()
    records = store.until(lambda records: len(records) >= 100)
    assert {record["message"]: record["id"] for record in records[50:]} == first
