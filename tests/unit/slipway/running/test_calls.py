import base64

import pytest

from slipway.running.calls import Answer, Call, Plain, Request, path_parameters


def test_a_given_content_type_is_kept():
    assert Request(headers={"Content-Type": "application/x"}).with_body([1]).headers == {
        "Content-Type": "application/x"
    }
    assert Request().with_body("text").headers == {}


def test_paths_are_matched_part_by_part():
    assert path_parameters("/a/{id}/b", "/a/1/b") == {"id": "1"}
    assert path_parameters("/a/{id}", "/a/1/b") is None
    assert path_parameters("/a/{rest+}", "/a/1/b") == {"rest": "1/b"}
    assert path_parameters("/a.b", "/axb") is None
    assert path_parameters("/a", "/a") == {}


def test_the_target_of_a_request_has_its_query():
    assert Request(path="/a%20b", query=(("x", "1 2"), ("x", "ü"))).target == "/a%20b?x=1+2&x=%C3%BC"
    assert Request(path="/a").target == "/a"


HTTP = Call(what=Request())
EVENT = Call(what=Plain(value={}))


def answer(status, body=None, error=None):
    return Answer(status=status, body=body, headers={}, error=error, log="", duration_ms=1, version="")


@pytest.mark.parametrize(
    ("call", "found", "expected"),
    [
        (HTTP, answer(200, ""), None),
        (HTTP, answer(404, ""), None),
        (HTTP, answer(500, ""), "answered 500"),
        (Call(what=Request(), status=201), answer(201, ""), None),
        (Call(what=Request(), status=201), answer(200, ""), "answered 200, its example promises 201"),
        (Call(what=Request(), status=503), answer(503, ""), None),
        (EVENT, answer(200), None),
        (EVENT, answer(200, error="KeyError: 'x'"), "KeyError: 'x'"),
        (EVENT, answer(200, {"batchItemFailures": []}), None),
        (EVENT, answer(200, {"batchItemFailures": [{"itemIdentifier": "1"}]}), "1 message went back to the queue"),
    ],
)
def test_an_answer_is_compared_with_what_was_promised(call, found, expected):
    assert call.failure(found) == expected


def test_bytes_become_base64_in_json():
    values = answer(200, b"\xff").to_json()
    assert (base64.b64decode(values["body"]), values["ok"]) == (b"\xff", True)
    assert "unchecked" not in values
