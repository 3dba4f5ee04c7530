import json

import pytest

from toolchain.embedded_aws.http_response import InvalidAnswerError, translate


def test_an_object_with_a_status_is_a_response_in_parts():
    answer = {
        "statusCode": "201",
        "headers": {"X-Count": 3, "X-Flag": True},
        "multiValueHeaders": {"X-List": ["a", "b"]},
        "cookies": ["a=b", "c=d"],
        "body": "done",
    }
    response = translate(json.dumps(answer).encode())
    assert response.status_code == 201
    assert response.headers["X-Count"] == "3"
    assert response.headers["X-Flag"] == "true"
    assert response.headers.getlist("X-List") == ["a", "b"]
    assert response.headers.getlist("Set-Cookie") == ["a=b", "c=d"]
    assert response.headers["Content-Type"] == "text/plain;charset=UTF-8"
    assert response.get_data() == b"done"


@pytest.mark.parametrize(
    ("payload", "body"),
    [(b'{"a":1}', b'{"a":1}'), (b'"hello"', b"hello"), (b"[1,2]", b"[1,2]"), (b"null", b"null"), (b"", b"null")],
)
def test_anything_else_is_the_body_of_a_good_response(payload, body):
    response = translate(payload)
    assert (response.status_code, response.get_data()) == (200, body)
    assert response.content_type == "application/json"


def test_base64_bodies_are_decoded():
    assert translate(b'{"statusCode": 200, "body": "AP8=", "isBase64Encoded": true}').get_data() == b"\x00\xff"


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": "abc"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": 1},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": {"b": 1}}},
        {"statusCode": 200, "headers": {"a": "x\r\nset-cookie: evil=1"}},
        {"statusCode": 200, "cookies": "a=b"},
        {"statusCode": 200, "body": "***", "isBase64Encoded": True},
    ],
)
def test_invalid_answers_are_refused_without_their_values(answer):
    with pytest.raises(InvalidAnswerError) as refused:
        translate(json.dumps(answer).encode())
    assert "evil" not in str(refused.value)


def test_an_answer_that_is_no_json_is_refused():
    with pytest.raises(InvalidAnswerError):
        translate(b"{")
