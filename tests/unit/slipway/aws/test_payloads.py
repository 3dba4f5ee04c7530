import base64

from slipway.aws import payloads
from slipway.running.calls import Request


def test_a_request_has_the_shape_of_payload_format_2():
    request = Request(
        method="POST", path="/orders/a%20b", query=(("x", "1"), ("x", "2"), ("y", "ü")), headers={"X-A": "b"}
    )
    event = payloads.http(
        request.with_body({"a": 1}), route="/orders/{id}", account="123456789012", domain="shop.example.com"
    )
    assert event["version"] == "2.0"
    assert event["rawPath"] == "/orders/a b"
    assert event["rawQueryString"] == "x=1&x=2&y=%C3%BC"
    assert event["queryStringParameters"] == {"x": "1,2", "y": "ü"}
    assert event["pathParameters"] == {"id": "a b"}
    assert event["headers"]["x-a"] == "b"
    assert event["headers"]["content-type"] == "application/json"
    assert event["headers"]["content-length"] == "8"
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    assert event["routeKey"] == "ANY /orders/{id}"
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["accountId"] == "123456789012"


def test_bytes_travel_as_base64_and_no_body_is_left_out():
    event = payloads.http(Request().with_body(b"\xff\x00"))
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"\xff\x00", True)
    event = payloads.http(Request())
    assert "body" not in event
    assert event["routeKey"] == "$default"


def test_an_event_of_the_bus_carries_type_and_attributes():
    event = payloads.bus(type_="t", source="s", data={"a": 1}, attributes={"tenant": "x"}, account="1", region="r")
    assert (event["detail-type"], event["source"]) == ("t", "s")
    assert event["detail"] == {"a": 1, "_attributes": {"tenant": "x"}}
    assert payloads.bus(type_="t", source="s", data=[1], account="1", region="r")["detail"] == [1]


def test_a_schedule_sends_what_the_runtime_knows():
    event = payloads.schedule(name="nightly", data={"days": 1})
    assert (event["slipway"], event["schedule"], event["data"]) == ("schedule", "nightly", {"days": 1})


def test_a_batch_has_a_record_for_each_body():
    first, second = payloads.queue(bodies=["text", {"a": 1}], arn="arn:aws:sqs:r:1:q", region="r")["Records"]
    assert (first["body"], second["body"]) == ("text", '{"a": 1}')
    assert first["messageId"] != second["messageId"]
    assert first["eventSource"] == "aws:sqs"
    assert first["md5OfBody"] == "1cb251ec0d568de6a929b520c4aed8d1"
