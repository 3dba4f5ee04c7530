import json

import pytest
from slipway_runtime import http_event
from slipway_runtime.errors import UnsupportedEventError

from tests.unit.runtime.aws_events import URL_DOMAIN, response_body
from tests.unit.runtime.aws_events import http_event as aws_http


@pytest.fixture(autouse=True)
def no_trace(monkeypatch):
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)


def environ(*args, context=None, **kwargs):
    return http_event.to_environ(aws_http(*args, **kwargs), context)


def test_request_line_host_and_client():
    found = environ("POST", "/orders/1?a=1&a=2&b=%20x", [("X-Forwarded-For", "10.0.0.1")])
    assert found["REQUEST_METHOD"] == "POST"
    assert (found["SCRIPT_NAME"], found["PATH_INFO"]) == ("", "/orders/1")
    assert found["QUERY_STRING"] == "a=1&a=2&b=%20x"
    assert found["REMOTE_ADDR"] == "203.0.113.7"
    assert (found["wsgi.url_scheme"], found["SERVER_PORT"]) == ("https", "443")
    assert found["HTTP_HOST"] == found["SERVER_NAME"] == "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [("127.0.0.1:4611", "127.0.0.1", "443"), ("[::1]", "[::1]", "443"), ("shop.example", "shop.example", "443")],
)
def test_server_name_is_the_host_without_its_port(host, name, port):
    found = environ(headers=[("Host", host)])
    assert (found["HTTP_HOST"], found["SERVER_NAME"], found["SERVER_PORT"]) == (host, name, port)


def test_port_comes_from_the_host_when_the_gateway_names_none():
    event = aws_http(headers=[("host", "127.0.0.1:4611")])
    del event["headers"]["x-forwarded-port"]
    event["headers"]["x-forwarded-proto"] = "http"
    found = http_event.to_environ(event, None)
    assert (found["wsgi.url_scheme"], found["SERVER_PORT"]) == ("http", "4611")


@pytest.mark.parametrize("front", ["api", "url"])
def test_percent_encoded_path_is_decoded_once(front):
    # `%2541` is the text `%41`; decoding twice would make an `A` of it.
    found = environ("GET", "/gr%C3%BC%C3%9Fe/100%2541", front=front)
    assert found["PATH_INFO"].encode("latin-1").decode() == "/grüße/100%41"


def test_path_of_a_function_url_may_hold_bytes_that_are_no_utf8():
    assert environ("GET", "/%FF", front="url")["PATH_INFO"] == "/\xff"


def test_stage_is_the_mount_point_of_the_api_address():
    found = environ("GET", "/orders", stage="prod")
    assert (found["SCRIPT_NAME"], found["PATH_INFO"]) == ("/prod", "/orders")
    bare = aws_http("GET", "", stage="prod")
    assert http_event.to_environ(bare, None)["PATH_INFO"] == "/"


def test_stage_is_no_part_of_the_path_on_a_custom_domain_or_when_it_is_only_a_prefix():
    event = aws_http("GET", "/prod/x", stage="prod")
    event["rawPath"] = "/prod/x"
    event["requestContext"]["domainName"] = "api.example.com"
    assert http_event.to_environ(event, None)["PATH_INFO"] == "/prod/x"
    event = aws_http("GET", "/x")
    event["rawPath"] = "/products"
    event["requestContext"]["stage"] = "prod"
    assert http_event.to_environ(event, None)["PATH_INFO"] == "/products"


def test_headers_cookies_and_content():
    found = environ(
        "POST",
        "/",
        [("Content-Type", "application/json"), ("X-A", "1"), ("X-A", "2"), ("Cookie", "a=1; b=2"), ("X-Ü", "é")],
        b"{}",
    )
    assert found["CONTENT_TYPE"] == "application/json"
    assert found["CONTENT_LENGTH"] == "2"
    assert found["HTTP_X_A"] == "1,2"
    assert found["HTTP_COOKIE"] == "a=1; b=2"
    assert found["wsgi.input"].read() == b"{}"
    assert "HTTP_CONTENT_TYPE" not in found


def test_underscored_headers_do_not_pass_for_others():
    # WSGI has one name for both, so an attacker could set what a proxy in front sets.
    found = environ(headers=[("X_Request_Id", "forged"), ("Transfer-Encoding", "chunked"), ("Content-Length", "9")])
    assert found["HTTP_X_REQUEST_ID"] == "JKJaXmPLvHcESHA="
    assert "HTTP_TRANSFER_ENCODING" not in found
    assert "CONTENT_LENGTH" not in found


def test_text_body_is_utf8():
    assert environ("POST", "/", [], "grün".encode(), text=True)["wsgi.input"].read() == "grün".encode()


def test_body_that_only_claims_base64_is_refused():
    event = aws_http("POST", "/") | {"body": "%%%", "isBase64Encoded": True}
    with pytest.raises(UnsupportedEventError, match="isBase64Encoded"):
        http_event.to_environ(event, None)


def test_request_and_trace_ids(monkeypatch, lambda_context):
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
    found = environ(context=lambda_context)
    assert found["HTTP_X_REQUEST_ID"] == "JKJaXmPLvHcESHA="
    assert found["HTTP_TRACEPARENT"] == "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
    assert found["HTTP_FUNCTION_EXECUTION_ID"] == lambda_context.aws_request_id


def test_ids_of_the_caller_win(lambda_context):
    sent = {
        "X-Request-Id": "mine",
        "Traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-00",
        "Function-Execution-Id": "e",
    }
    found = environ(headers=sent.items(), context=lambda_context)
    assert [found["HTTP_" + name.upper().replace("-", "_")] for name in sent] == list(sent.values())


def test_trace_without_parent_or_sampling_makes_no_false_traceparent(monkeypatch):
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793")
    assert "HTTP_TRACEPARENT" not in environ()
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8")
    assert environ()["HTTP_TRACEPARENT"].endswith("-00")


def test_event_and_context_are_within_reach(lambda_context):
    event = aws_http()
    found = http_event.to_environ(event, lambda_context)
    assert found["lambda.event"] is event
    assert found["lambda.context"] is lambda_context


def test_answer_has_lower_case_joined_headers_and_cookies_apart():
    found = http_event.to_response(
        "201 CREATED",
        [("Vary", "a"), ("vary", "b"), ("Set-Cookie", "a=1; Path=/"), ("set-cookie", "b=2"), ("X-A", "1")],
        b"ok",
    )
    assert found == {
        "statusCode": 201,
        "headers": {"vary": "a, b", "x-a": "1"},
        "cookies": ["a=1; Path=/", "b=2"],
        "body": "ok",
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("body", "base64"),
    [
        (b"", False),
        ("grün €".encode(), False),
        (b"\x00\x01", False),
        (b"\x89PNG\r\n\xff", True),
        ("é".encode("latin-1"), True),
    ],
)
def test_bytes_survive(body, base64):
    found = http_event.to_response("200 OK", [], body)
    assert found["isBase64Encoded"] is base64
    assert response_body(json.loads(json.dumps(found))) == body


@pytest.mark.parametrize("body", [b"x" * 6_200_000, "é".encode() * 2_000_000, b"\xff" * 4_700_000])
def test_answers_up_to_the_limit_pass(body):
    found = http_event.to_response("200 OK", [], body)
    assert found["statusCode"] == 200
    assert len(json.dumps(found)) <= http_event.RESPONSE_LIMIT
    assert response_body(found) == body


@pytest.mark.parametrize("body", [b"x" * 6_300_000, b"\xff" * 4_800_000])
def test_answers_over_the_limit_are_said(body, caplog):
    found = http_event.to_response("200 OK", [("X-A", "1")], body)
    assert found["statusCode"] == 502
    assert "6 MB" in found["body"]
    assert f"{len(body)} bytes is too large" in caplog.text


def test_only_payload_format_2_matches():
    assert http_event.matches(aws_http(front="url"))
    assert URL_DOMAIN in aws_http(front="url")["requestContext"]["domainName"]
    assert not http_event.matches({"version": "1.0", "httpMethod": "GET", "requestContext": {}})
    assert not http_event.matches({"version": "2.0", "requestContext": None})
