import json

import pytest

from slipway.kube.events import request_of
from slipway.running.calls import BusEvent, Call, Message, Plain, Request, ScheduleRun


def sent(what):
    return request_of(Call(what=what), function="audit", namespace="slipway-dev")


def test_a_request_stays_as_it_is():
    request = Request(path="/a", query=(("x", "1"),))
    assert sent(request) is request


def test_an_event_of_the_bus_is_a_cloud_event_in_binary_mode():
    request = sent(BusEvent(type="order.paid", source="/shop", data={"n": 1}, attributes={"tenant": "a"}))
    assert (request.method, request.path) == ("POST", "/")
    assert {key: value for key, value in request.headers.items() if key not in {"ce-id", "ce-time"}} == {
        "ce-specversion": "1.0",
        "ce-type": "order.paid",
        "ce-source": "/shop",
        "ce-tenant": "a",
        "content-type": "application/json",
    }
    assert request.headers["ce-time"].endswith("Z")
    assert json.loads(request.body) == {"n": 1}
    assert sent(BusEvent(type="t", source="s", data=1)).headers["ce-id"] != request.headers["ce-id"]


@pytest.mark.parametrize(
    ("value", "header"), [("grün", "gr%C3%BCn"), ('a "b"', "a%20%22b%22"), ("100%", "100%25"), ("a/b?c=d", "a/b?c=d")]
)
def test_attributes_are_encoded_as_the_http_binding_says(value, header):
    assert (
        sent(BusEvent(type="t", source="s", data=None, attributes={"subject": value})).headers["ce-subject"] == header
    )


def test_a_schedule_is_what_a_ping_source_sends():
    request = sent(ScheduleRun(schedule="nightly", data={"days": 1}))
    assert request.headers["ce-type"] == "dev.knative.sources.ping"
    assert request.headers["ce-slipwayschedule"] == "nightly"
    assert json.loads(request.body) == {"days": 1}


def test_a_message_that_is_an_event_arrives_as_that_event():
    event = {
        "specversion": "1.0",
        "id": "7",
        "source": "/orders",
        "type": "com.example.order.accepted",
        "data": {"n": 1},
    }
    request = sent(Message(queue="receipts", body=event))
    assert request.headers == {"content-type": "application/cloudevents+json"}
    assert json.loads(request.body) == event
    half = sent(Message(queue="receipts", body={"specversion": "1.0", "id": "7"}))
    assert half.headers["ce-type"] == "io.slipway.queue.message"


def test_a_message_and_a_plain_value():
    request = sent(Message(queue="receipts", body={"n": 1}))
    assert (request.headers["ce-type"], request.headers["ce-source"]) == (
        "io.slipway.queue.message",
        "/queues/receipts",
    )
    plain = sent(Plain(value={"a": 1}))
    assert (plain.method, plain.headers, json.loads(plain.body)) == (
        "POST",
        {"content-type": "application/json"},
        {"a": 1},
    )
