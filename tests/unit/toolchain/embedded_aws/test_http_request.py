from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from toolchain.embedded_aws.http_request import Origin, event

ORIGIN = Origin(
    account="123456789012", api_id="api1", domain="api1.execute-api.eu-central-1.amazonaws.com", route_key="ANY /{p+}",
    stage="$default", path="/a b", parameters={"p": "a b"},
)  # fmt: skip


def make(**options):
    return event(
        Request(EnvironBuilder(**{"path": "/a b", **options}).get_environ()), ORIGIN, "id1", "Root=1-2-3;Parent=4"
    )


def test_cookies_travel_apart_and_connection_headers_not_at_all():
    found = make(headers=[("X-A", "1"), ("Connection", "close"), ("Cookie", "a=1; b=2")])
    assert found["headers"]["x-a"] == "1"
    assert "connection" not in found["headers"]
    assert "cookie" not in found["headers"]
    assert found["cookies"] == ["a=1", "b=2"]
    assert found["headers"]["x-amzn-trace-id"] == "Root=1-2-3"


def test_forwarded_for_is_extended():
    found = make(headers={"X-Forwarded-For": "10.0.0.1"}, environ_base={"REMOTE_ADDR": "127.0.0.9"})
    assert found["headers"]["x-forwarded-for"] == "10.0.0.1, 127.0.0.9"
    assert found["requestContext"]["http"]["sourceIp"] == "127.0.0.9"


def test_absent_parts_are_absent():
    found = make(method="GET")
    assert not {"cookies", "body", "queryStringParameters", "stageVariables"} & set(found)
    assert found["isBase64Encoded"] is False
    assert found["requestContext"]["requestId"] == "id1"


def test_text_that_is_no_utf8_travels_as_base64():
    found = make(method="POST", data=b"\xff", content_type="text/plain")
    assert (found["body"], found["isBase64Encoded"]) == ("/w==", True)
