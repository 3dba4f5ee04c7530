"""What functions are called with, from their manifests, examples and the command line."""

import json

import pytest

from slipway.aws.clients import Aws
from slipway.aws.payloads import payload_of
from slipway.cli import calls
from slipway.core.errors import BadInputError
from slipway.core.example import Example
from slipway.core.loaded import LoadedFunction
from slipway.core.manifest import Manifest
from slipway.running.calls import BusEvent, Message, Plain, ScheduleRun

AWS = Aws(environment="local", account="123456789012", region="eu-central-1")


def function(*events, example=None):
    manifest = Manifest.model_validate(
        {"owner": "t", "runtime": "python3.11", "handler": "main:f", "events": list(events)}
    )
    return LoadedFunction(
        name="f", directory=None, manifest=manifest, positions=None, signature="http", example=example
    )


ORDERS = {"http": {"path": "/orders/{id}", "methods": ["POST"], "auth": "none", "visibility": "public"}}


def test_an_http_example_becomes_a_request_to_its_route():
    example = Example(method="POST", path="/orders/7?x=1", headers={"a": "b"}, body={"n": 1}, status=201)
    call = calls.from_example(function(ORDERS, example=example))
    assert (call.route, call.auth, call.entry_path, call.status) == ("/orders/{id}", "none", "/orders/{id}", 201)
    payload = payload_of(AWS, call)
    assert payload["routeKey"] == "ANY /orders/{id}"
    assert payload["pathParameters"] == {"id": "7"}
    assert payload["rawQueryString"] == "x=1"
    assert json.loads(payload["body"]) == {"n": 1}


def test_without_an_example_the_first_route_is_got_and_nothing_is_promised():
    call = calls.from_example(function({"http": {"path": "/hello", "auth": "none", "visibility": "public"}}))
    assert (call.what.method, call.what.path, call.status) == ("GET", "/hello", None)


def test_an_internal_route_is_a_function_url():
    call = calls.from_example(function({"http": {"path": "/hello"}}))
    assert (call.route, call.auth, call.entry_path) == (None, "iam", None)
    assert payload_of(AWS, call)["routeKey"] == "$default"


def test_the_route_of_the_request_guards_it_and_the_first_one_ends_the_address():
    second = {"http": {"path": "/admin", "auth": "token", "visibility": "public"}}
    call = calls.http_call(function(ORDERS, second), calls.Request(path="/admin"))
    assert (call.route, call.auth, call.entry_path) == ("/admin", "token", "/orders/{id}")
    call = calls.http_call(function(ORDERS, second), calls.Request(path="/nowhere"))
    assert (call.route, call.auth, call.entry_path) == (None, "none", None)


def test_each_kind_of_event_is_kept_apart_until_its_target_shapes_it():
    paid = function(
        {"event": {"type": "order.paid", "source": "shop", "attributes": {"tenant": "a"}}},
        example=Example(data={"n": 1}),
    )
    call = calls.from_example(paid)
    assert call.what == BusEvent(type="order.paid", source="shop", data={"n": 1}, attributes={"tenant": "a"})
    payload = payload_of(AWS, call)
    assert (payload["detail-type"], payload["source"], payload["detail"]) == (
        "order.paid",
        "shop",
        {"n": 1, "_attributes": {"tenant": "a"}},
    )
    clock = function({"schedule": {"expression": "rate(5 minutes)", "data": {"days": 1}}})
    assert calls.from_example(clock).what == ScheduleRun(schedule="f", data={"days": 1})
    assert payload_of(AWS, calls.event(clock, {"days": 3}))["data"] == {"days": 3}
    queue = function({"queue": "receipts"}, example=Example(data={"n": 1}))
    assert calls.from_example(queue).what == Message(queue="receipts", body={"n": 1})
    (record,) = payload_of(AWS, calls.from_example(queue))["Records"]
    assert (record["body"], record["eventSourceARN"]) == ('{"n": 1}', "arn:aws:sqs:eu-central-1:123456789012:receipts")
    assert calls.from_example(function(example=Example(data=[1]))).what == Plain(value=[1])
    assert payload_of(AWS, calls.from_example(function(example=Example(data=[1])))) == [1]


def test_data_is_json_a_file_standard_input_or_text(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text('{"a": 1}')
    assert calls.read_data('{"a": 1}') == {"a": 1}
    assert calls.read_data(f"@{tmp_path}/a.json") == {"a": 1}
    assert calls.read_data("just text") == "just text"
    monkeypatch.setattr("sys.stdin", (tmp_path / "a.json").open())
    assert calls.read_data("-") == {"a": 1}
    with pytest.raises(BadInputError, match=r"--data: .*none.json cannot be read"):
        calls.read_data(f"@{tmp_path}/none.json")
