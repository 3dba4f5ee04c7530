"""What functions are called with, from their manifests, examples and the command line."""

import json

import pytest

from slipway.aws.clients import Aws
from slipway.aws.payloads import Request
from slipway.cli import calls
from slipway.core.errors import BadInputError
from slipway.core.example import Example
from slipway.core.loaded import LoadedFunction
from slipway.core.manifest import Manifest

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
    call = calls.from_example(AWS, function(ORDERS, example=example))
    assert call.payload["routeKey"] == "ANY /orders/{id}"
    assert call.payload["pathParameters"] == {"id": "7"}
    assert call.payload["rawQueryString"] == "x=1"
    assert json.loads(call.payload["body"]) == {"n": 1}
    assert call.status == 201


def test_without_an_example_the_first_route_is_got_and_nothing_is_promised():
    call = calls.from_example(AWS, function({"http": {"path": "/hello", "auth": "none", "visibility": "public"}}))
    assert (call.request.method, call.request.path, call.status) == ("GET", "/hello", None)


def test_an_internal_route_is_a_function_url():
    call = calls.from_example(AWS, function({"http": {"path": "/hello"}}))
    assert call.payload["routeKey"] == "$default"


def test_each_kind_of_event_has_its_shape():
    paid = function(
        {"event": {"type": "order.paid", "source": "shop", "attributes": {"tenant": "a"}}},
        example=Example(data={"n": 1}),
    )
    payload = calls.from_example(AWS, paid).payload
    assert (payload["detail-type"], payload["source"], payload["detail"]) == (
        "order.paid",
        "shop",
        {"n": 1, "_attributes": {"tenant": "a"}},
    )
    clock = function({"schedule": {"expression": "rate(5 minutes)", "data": {"days": 1}}})
    assert calls.from_example(AWS, clock).payload["data"] == {"days": 1}
    assert calls.event(AWS, clock, {"days": 3})["data"] == {"days": 3}
    queue = function({"queue": "receipts"}, example=Example(data={"n": 1}))
    (record,) = calls.from_example(AWS, queue).payload["Records"]
    assert (record["body"], record["eventSourceARN"]) == ('{"n": 1}', "arn:aws:sqs:eu-central-1:123456789012:receipts")
    assert calls.from_example(AWS, function(example=Example(data=[1]))).payload == [1]


def test_data_is_json_a_file_standard_input_or_text(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text('{"a": 1}')
    assert calls.read_data('{"a": 1}') == {"a": 1}
    assert calls.read_data(f"@{tmp_path}/a.json") == {"a": 1}
    assert calls.read_data("just text") == "just text"
    monkeypatch.setattr("sys.stdin", (tmp_path / "a.json").open())
    assert calls.read_data("-") == {"a": 1}
    with pytest.raises(BadInputError, match=r"--data: .*none.json cannot be read"):
        calls.read_data(f"@{tmp_path}/none.json")


HTTP = calls.Call(payload={}, request=Request())
EVENT = calls.Call(payload={})


@pytest.mark.parametrize(
    ("call", "status", "body", "error", "expected"),
    [
        (HTTP, 200, "", None, None),
        (HTTP, 404, "", None, None),
        (HTTP, 500, "", None, "answered 500"),
        (calls.Call(payload={}, request=Request(), status=201), 201, "", None, None),
        (
            calls.Call(payload={}, request=Request(), status=201),
            200,
            "",
            None,
            "answered 200, its example promises 201",
        ),
        (calls.Call(payload={}, request=Request(), status=503), 503, "", None, None),
        (EVENT, 200, None, None, None),
        (EVENT, 200, None, "KeyError: 'x'", "KeyError: 'x'"),
        (EVENT, 200, {"batchItemFailures": []}, None, None),
        (EVENT, 200, {"batchItemFailures": [{"itemIdentifier": "1"}]}, None, "1 message went back to the queue"),
    ],
)
def test_an_answer_is_compared_with_what_was_promised(call, status, body, error, expected):
    assert calls.failure(call, status, body, error) == expected
