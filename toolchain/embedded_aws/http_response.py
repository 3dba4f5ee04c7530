"""Answers of functions as HTTP responses.

Facts: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from werkzeug.wrappers import Response

_OURS = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
_LOWEST_STATUS, _HIGHEST_STATUS = 100, 599


class InvalidAnswerError(Exception):
    """A function's answer is no HTTP response; the message names what is wrong, without any value."""


def message(status: int, text: str) -> Response:
    """API Gateway's own answer, for example `{"message":"Not Found"}`."""
    return Response(json.dumps({"message": text}, separators=(",", ":")), status, content_type="application/json")


def translate(payload: bytes) -> Response:
    """The HTTP response that a function's answer stands for.

    An object with `statusCode` is a response in parts; anything else is the body of a response with status 200.

    Raises:
        InvalidAnswerError: The answer has parts of a wrong type.
    """
    try:
        answer = json.loads(payload or b"null")
    except ValueError as error:
        raise InvalidAnswerError("the answer is not JSON") from error
    if not isinstance(answer, dict) or "statusCode" not in answer:
        body = answer if isinstance(answer, str) else json.dumps(answer, separators=(",", ":"))
        return Response(body, 200, content_type="application/json")
    response = Response(_body(answer), _status(answer["statusCode"]))
    response.headers.clear()
    for name, values in _headers(answer).items():
        for value in values:
            response.headers.add(name, value)
    if "Content-Type" not in response.headers:
        response.headers["Content-Type"] = "text/plain;charset=UTF-8"
    return response


def _status(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or not _LOWEST_STATUS <= int(text) <= _HIGHEST_STATUS:
        raise InvalidAnswerError("statusCode must be a number from 100 to 599")
    return int(text)


def _body(answer: dict[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise InvalidAnswerError(f"body must be a string, found {type(body).__name__}")
    if not answer.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidAnswerError("isBase64Encoded is true and body is not base64") from error


def _headers(answer: dict[str, Any]) -> dict[str, list[str]]:
    headers, several = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
    cookies = answer.get("cookies") or []
    if not isinstance(headers, dict) or not isinstance(several, dict):
        raise InvalidAnswerError("headers must be an object")
    if not isinstance(cookies, list) or not all(isinstance(cookie, str) for cookie in cookies):
        raise InvalidAnswerError("cookies must be a list of strings")
    found = {str(name): [_text(value)] for name, value in headers.items()}
    for name, values in several.items():
        found[str(name)] = [_text(value) for value in (values if isinstance(values, list) else [values])]
    for name, values in found.items():
        if any("\r" in text or "\n" in text for text in (name, *values)):
            raise InvalidAnswerError("a header contains a line break")
    result = {name: values for name, values in found.items() if name.lower() not in _OURS}
    return {**result, "Set-Cookie": cookies} if cookies else result


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise InvalidAnswerError(f"values of headers must be strings, found {type(value).__name__}")
    return json.dumps(value) if isinstance(value, bool) else str(value)
