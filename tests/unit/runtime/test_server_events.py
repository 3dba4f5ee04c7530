"""Every kind of event, through the Lambda adapter and as Knative delivers it: the function gets the same."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slipway_runtime import cloud_event, server_events

from tests.unit.runtime.aws_events import bus_event, schedule_event, sqs_record

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20)
# Zs: white space at the ends of a header's value does not survive HTTP.
VALUES = TEXT.map(str.strip).filter(bool)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
KNATIVE = {"ce-knativearrivaltime": "2026-11-22T08:00:01Z", "ce-knativehistory": "broker"}


def binary(event):
    """An event as headers and body, as brokers and channels send it on."""
    headers = {
        f"ce-{name}": quote(str(value), safe=" !#$&'()*+,-./:;<=>?@[]^_`{|}~")
        for name, value in event.items()
        if name not in {"data", "data_base64", "datacontenttype"}
    }
    if "datacontenttype" in event:
        headers["content-type"] = event["datacontenttype"]
    if "data_base64" in event:
        return headers, base64.b64decode(event["data_base64"])
    return headers, json.dumps(event["data"]).encode() if "data" in event else b""


def environ(headers):
    found = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    if "content-type" in headers:
        found["CONTENT_TYPE"] = headers["content-type"]
    return {name: value.encode().decode("latin-1") for name, value in found.items()}


def test_bus(received, delivered):
    on_lambda = received(bus_event(detail={"order": "4711", "_attributes": {"tenant": "north", "subject": "grün/1"}}))
    sent = {
        "specversion": "1.0",
        "id": bus_event()["id"],
        "source": "com.example.payments",
        "type": "com.example.order.paid",
        "time": "2026-11-22T08:00:00Z",
        "datacontenttype": "application/json",
        "tenant": "north",
        "subject": "grün/1",
        # EventBridge puts these there by itself.
        "account": "123456789012",
        "region": "eu-central-1",
        "data": {"order": "4711"},
    }
    headers, body = binary(sent)
    assert delivered({**headers, **KNATIVE}, body) == on_lambda


def test_schedule(received, delivered):
    event = schedule_event()
    headers = {
        "ce-specversion": "1.0",
        "ce-id": event["id"],
        "ce-source": "/apis/v1/namespaces/slipway-dev/pingsources/nightly-report",
        "ce-type": "dev.knative.sources.ping",
        "ce-time": "2026-11-22T02:15:00.123456789Z",
        "ce-slipwayschedule": "nightly-report",
        "content-type": "application/json",
        **KNATIVE,
    }
    assert delivered(headers, b'{"days": 7}') == received(event)


def test_schedule_without_data(received, delivered):
    event = schedule_event(data={})
    headers = {
        "ce-specversion": "1.0",
        "ce-id": event["id"],
        "ce-source": "/apis/v1/namespaces/slipway-dev/pingsources/nightly-report",
        "ce-type": "dev.knative.sources.ping",
        "ce-time": "2026-11-22T03:15:30+01:00",
        "ce-slipwayschedule": "nightly-report",
    }
    assert delivered(headers) == received(event)


def test_queue_message_that_is_a_cloud_event(start, delivered, received):
    sent = {
        "specversion": "1.0",
        "id": "7",
        "source": "/orders",
        "type": "com.example.order.accepted",
        "time": "2026-11-22T08:00:00Z",
        "datacontenttype": "application/json",
        "data": {"order": "7", "name": "Ü"},
    }
    on_lambda = received({"Records": [sqs_record("m1", json.dumps(sent))]})
    headers, body = binary(sent)
    assert delivered({**headers, **KNATIVE}, body) == on_lambda
    structured = {"content-type": "application/cloudevents+json; charset=utf-8"}
    assert delivered(structured, json.dumps({**sent, "knativearrivaltime": "x"}).encode()) == on_lambda


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    attributes=st.dictionaries(st.from_regex(r"[a-z][a-z0-9]{2,9}", fullmatch=True), VALUES, max_size=4),
    data=JSON,
    content_type=st.sampled_from([None, "application/json", "application/vnd.x+json"]),
)
def test_what_is_delivered_is_what_a_direct_event_gives_on_lambda(attributes, data, content_type):
    event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "time": "2026-11-22T08:00:00Z"}
    own = {name: value for name, value in attributes.items() if not name.startswith(("data", "knative", "slipway"))}
    event = {**own, **event, **({"datacontenttype": content_type} if content_type else {}), "data": data}
    headers, body = binary(event)
    found = server_events.read(environ(headers), body)
    assert {"data": None} | found == {"data": None} | cloud_event.from_direct(event)
    wrapped = {"content-type": "application/cloudevents+json"}
    assert server_events.read(environ(wrapped), json.dumps(event).encode()) == cloud_event.from_direct(event)


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("text/plain", b"gr\xc3\xbcn", "grün".encode()),
        ("text/plain", b"42", 42),
        ("application/octet-stream", b"\xff\x00", b"\xff\x00"),
        ("application/json", b"{", b"{"),
        (None, b"no type", b"no type"),
    ],
)
def test_data_that_is_not_json(delivered, received, content_type, body, data):
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/s",
        "ce-type": "t",
        "ce-time": "2026-11-22T08:00:00Z",
    }
    typed = headers | ({"content-type": content_type} if content_type else {})
    direct = {name.removeprefix("ce-"): value for name, value in headers.items()}
    direct |= {"datacontenttype": content_type} if content_type else {}
    found = delivered(typed, body)
    assert found[1] == data
    assert found == received({**direct, "data_base64": base64.b64encode(body).decode()})


@pytest.mark.parametrize(
    "headers",
    [
        {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s"},
        {"content-type": "application/cloudevents+json"},
    ],
)
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"id": "1"}'])
def test_half_an_event_is_none(headers, body):
    assert server_events.carries(environ(headers))
    assert server_events.read(environ(headers), body) is None


def test_names_of_headers_that_are_no_attributes_are_dropped():
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-my-own": "x"}
    assert server_events.read(environ(headers), b"") == {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}


@pytest.mark.parametrize("time", ["soon", None])
def test_a_schedule_without_a_readable_time_keeps_what_it_has(time):
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-slipwayschedule": "n"}
    headers |= {"ce-time": time} if time else {}
    found = server_events.read(environ(headers), b"no json")
    assert (found.get("time"), found["data"]) == (time, {})
