import json
import sys

import pytest
from slipway_runtime import queue_event

from tests.unit.runtime.aws_events import sqs_record

EVENT = {"specversion": "1.0", "id": "7", "source": "/orders", "type": "com.example.order.accepted", "data": {"a": 1}}
FAILS_ON_BAD = """
SEEN = []

def f(event):
    SEEN.append(event.data)
    if "bad" in str(event.data):
        raise ValueError("that was bad")
"""


def batch(*records):
    return {"Records": list(records)}


def test_message_becomes_a_cloud_event(received):
    attributes, data = received(batch(sqs_record("m-1", '{"a": 1}')))
    assert data == {"a": 1}
    assert attributes == {
        "specversion": "1.0",
        "id": "m-1",
        "source": "arn:aws:sqs:eu-central-1:123456789012:orders",
        "type": "io.slipway.queue.message",
        "time": "2026-11-22T08:00:00.123Z",
        "datacontenttype": "application/json",
        "receivecount": "1",
    }


def test_fifo_message_carries_its_group_and_sequence(received):
    attributes, _ = received(batch(sqs_record("m-1", "{}", fifo=True, group="g")))
    assert (attributes["partitionkey"], attributes["sequence"]) == ("g", "18849496460467696128")


@pytest.mark.parametrize(
    ("body", "content_type", "data", "found_type"),
    [
        ("[1, 2]", None, [1, 2], "application/json"),
        ("42", None, 42, "application/json"),
        ("grün €", None, "grün €".encode(), "text/plain"),
        ("x=1", "application/x-www-form-urlencoded", b"x=1", "application/x-www-form-urlencoded"),
        ("{}", "application/vnd.x+json; charset=utf-8", {}, "application/vnd.x+json; charset=utf-8"),
        ("{oops", "application/json", b"{oops", "text/plain"),
        ("", None, None, "text/plain"),
        ("null", None, None, "application/json"),
    ],
)
def test_data_follows_the_content(received, body, content_type, data, found_type):
    sent = {"Content-Type": content_type} if content_type else {}
    attributes, found = received(batch(sqs_record("m-1", body, attributes=sent)))
    assert (found, attributes["datacontenttype"]) == (data, found_type)


def test_cloud_event_in_the_body_is_passed_on(received):
    attributes, data = received(batch(sqs_record("m-1", json.dumps(EVENT))))
    assert data == {"a": 1}
    assert (attributes["id"], attributes["type"], attributes["source"]) == (
        "7",
        "com.example.order.accepted",
        "/orders",
    )


def test_cloud_event_in_the_attributes_is_passed_on(received):
    sent = {"ce-specversion": "1.0", "ce-id": "7", "ce-source": "/orders", "CE-Type": "t", "ce-tenant": "münchen"}
    attributes, data = received(batch(sqs_record("m-1", '{"a": 1}', attributes=sent)))
    assert data == {"a": 1}
    assert (
        attributes.items()
        >= {"id": "7", "type": "t", "tenant": "münchen", "datacontenttype": "application/json"}.items()
    )


def test_incomplete_cloud_event_is_ordinary_data(received):
    body = {"specversion": "1.0", "id": "7"}
    attributes, data = received(batch(sqs_record("m-1", json.dumps(body), attributes={"ce-id": "7"})))
    assert data == body
    assert (attributes["id"], attributes["type"]) == ("m-1", "io.slipway.queue.message")


def test_only_what_failed_goes_back(start, caplog):
    adapter = start(FAILS_ON_BAD, signature="cloudevent")
    found = adapter.handle(batch(sqs_record("1", "ok"), sqs_record("2", "bad"), sqs_record("3", "ok")), None)
    assert found == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert sys.modules["main"].SEEN == [b"ok", b"bad", b"ok"]
    [record] = [record for record in caplog.records if record.exc_info]
    assert record.messageId == "2"
    assert record.queue == "arn:aws:sqs:eu-central-1:123456789012:orders"
    assert "ValueError" in record.getMessage()


def test_fifo_keeps_the_order_in_each_group(start):
    adapter = start(FAILS_ON_BAD, signature="cloudevent")
    sent = [("1", "a"), ("2", "b"), ("3", "a"), ("4", "b"), ("5", "a")]
    records = [sqs_record(i, "bad 3" if i == "3" else f"ok {i}", fifo=True, group=group) for i, group in sent]
    found = adapter.handle(batch(*records), None)
    assert [item["itemIdentifier"] for item in found["batchItemFailures"]] == ["3", "5"]
    assert sys.modules["main"].SEEN == [b"ok 1", b"ok 2", b"bad 3", b"ok 4"]


def test_groups_of_a_standard_queue_have_no_order(start):
    adapter = start(FAILS_ON_BAD, signature="cloudevent")
    found = adapter.handle(batch(sqs_record("1", "bad", group="g"), sqs_record("2", "ok", group="g")), None)
    assert [item["itemIdentifier"] for item in found["batchItemFailures"]] == ["1"]


def test_empty_batch(start):
    assert start(FAILS_ON_BAD, signature="cloudevent").handle(batch(), None) == {"batchItemFailures": []}


def test_what_is_no_exception_is_not_swallowed(start):
    adapter = start("import sys\ndef f(event):\n    sys.exit(3)\n", signature="cloudevent")
    with pytest.raises(SystemExit):
        adapter.handle(batch(sqs_record("1", "x")), None)


def test_only_batches_of_sqs_match():
    assert queue_event.matches(batch(sqs_record("1", "x")))
    assert not queue_event.matches({"Records": [{"eventSource": "aws:s3"}]})
    assert not queue_event.matches({"Records": "x"})
    assert not queue_event.matches({"Records": ["x"]})
