"""API Gateway v2 and Function URL events (payload format 2.0) as WSGI requests, and the answers back.

Source of facts: "Working with AWS Lambda proxy integrations for HTTP APIs" and "Invoking Lambda function URLs" in AWS's
documentation; what those leave open is in docs/events.md.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from slipway_runtime.errors import UnsupportedEventError
from slipway_runtime.logs import log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RESPONSE_LIMIT = 6_291_556
"""Bytes of JSON that Lambda accepts as the answer of one invocation."""

_AMZN_TRACE = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24});Parent=([0-9a-f]{16})(?:;Sampled=([01]))?")


def matches(event: Mapping[str, Any]) -> bool:
    """Whether an event is an HTTP request in payload format 2.0."""
    context = event.get("requestContext")
    return event.get("version") == "2.0" and isinstance(context, dict) and "http" in context


def to_environ(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The WSGI environment of a request.

    Args:
        event: Event for which `matches` holds.
        context: Lambda's context object, for the request id.

    Returns:
        A PEP 3333 environment, with `lambda.event` and `lambda.context` for what has no place in HTTP.

    Raises:
        UnsupportedEventError: The body says base64 and is not.
    """
    request = event["requestContext"]
    http = request["http"]
    body = _body(event)
    script, path = _paths(event)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": http["method"],
        "SCRIPT_NAME": script,
        "PATH_INFO": path,
        "QUERY_STRING": event.get("rawQueryString") or "",
        "REMOTE_ADDR": http.get("sourceIp") or "",
        "SERVER_PROTOCOL": http.get("protocol") or "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "lambda.event": event,
        "lambda.context": context,
        **_headers(event),
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    host = environ.setdefault("HTTP_HOST", request.get("domainName") or "localhost")
    scheme = environ.get("HTTP_X_FORWARDED_PROTO", "https")
    environ["wsgi.url_scheme"] = scheme
    name, _, port = host.partition(":") if not host.startswith("[") else (host, "", "")
    environ["SERVER_NAME"] = name
    environ["SERVER_PORT"] = environ.get("HTTP_X_FORWARDED_PORT") or port or ("443" if scheme == "https" else "80")
    if request.get("requestId"):
        environ.setdefault("HTTP_X_REQUEST_ID", request["requestId"])
    return environ | trace(environ, context)


def trace(environ: Mapping[str, Any], context: Any) -> dict[str, str]:
    """Headers that tie a request to its invocation: `traceparent` from X-Ray and the framework's execution id.

    Headers that the caller sent win, as they do on any other server.
    """
    found = _AMZN_TRACE.search(os.environ.get("_X_AMZN_TRACE_ID") or environ.get("HTTP_X_AMZN_TRACE_ID") or "")
    added = {}
    if found and "HTTP_TRACEPARENT" not in environ:
        time, unique, parent, sampled = found.groups()
        added["HTTP_TRACEPARENT"] = f"00-{time}{unique}-{parent}-0{sampled or 0}"
    request_id = getattr(context, "aws_request_id", None)
    if request_id and "HTTP_FUNCTION_EXECUTION_ID" not in environ:
        added["HTTP_FUNCTION_EXECUTION_ID"] = request_id
    return added


def to_response(status: str, headers: Iterable[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """The answer in payload format 2.0.

    Args:
        status: WSGI status, for example `200 OK`.
        headers: Names and values; a repeated name is joined with commas, except cookies, which travel on their own.
        body: Whole body; text travels as it is, anything else as base64.

    Returns:
        `statusCode`, `headers`, `cookies`, `body`, `isBase64Encoded`; status 502 instead when the answer is larger
        than Lambda takes, because Lambda would otherwise drop it without a word to the caller.
    """
    joined: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in headers:
        key = name.lower()
        if key == "set-cookie":
            cookies.append(value)
        else:
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
    response: dict[str, Any] = {"statusCode": int(status.split(" ", 1)[0]), "headers": joined, "cookies": cookies}
    for encoding in (_as_text, _as_base64):
        encoded = encoding(body)
        if encoded is not None and _size(response | encoded) <= RESPONSE_LIMIT:
            return response | encoded
    log.error(
        "the answer of %d bytes is too large: Lambda takes %d bytes with headers and encoding; send less, page it, "
        "or put it into a bucket and answer with a link",
        len(body),
        RESPONSE_LIMIT,
    )
    return plain(502, "The answer is larger than 6 MB, the limit of AWS Lambda.")


def plain(status: int, message: str) -> dict[str, Any]:
    """An answer of one line of text."""
    headers = {"content-type": "text/plain; charset=utf-8"}
    return {"statusCode": status, "headers": headers, "cookies": [], **_as_base64_free(message)}


def _as_base64_free(text: str) -> dict[str, Any]:
    return {"body": text, "isBase64Encoded": False}


def _as_text(body: bytes) -> dict[str, Any] | None:
    # Whatever decodes as UTF-8 comes back as the same bytes, so no table of text types is needed.
    try:
        return _as_base64_free(body.decode())
    except UnicodeDecodeError:
        return None


def _as_base64(body: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _size(response: Mapping[str, Any]) -> int:
    if len(response["body"]) * 12 < RESPONSE_LIMIT // 2:  # two `\uXXXX` are the longest that JSON makes of a character
        return 0
    # As AWS's runtime client encodes it: python3.11 escapes everything beyond ASCII.
    return len(json.dumps(response, ensure_ascii=sys.version_info < (3, 12)).encode())


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode()
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnsupportedEventError(f"the HTTP event says isBase64Encoded, and its body is not: {error}") from None


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    environ: dict[str, str] = {}
    for name, value in (event.get("headers") or {}).items():
        # As WSGI servers do: `x_user` would otherwise pass for `x-user`. The body comes whole, so its transfer
        # encoding is gone.
        if "_" in name or name.lower() in {"transfer-encoding", "content-length"}:
            continue
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = _wsgi(str(value).encode())
    if event.get("cookies"):
        environ["HTTP_COOKIE"] = _wsgi("; ".join(event["cookies"]).encode())
    return environ


def _paths(event: Mapping[str, Any]) -> tuple[str, str]:
    """Mount point and path below it, both as WSGI has them: decoded, then one character for each byte."""
    request = event["requestContext"]
    domain = request.get("domainName") or ""
    raw = event.get("rawPath") or "/"
    # An HTTP API decodes the path before it calls; a Function URL hands it over as the caller wrote it.
    path = unquote_to_bytes(raw) if ".lambda-url." in domain else raw.encode()
    mount = b"/" + str(request.get("stage") or "$default").encode()
    # Only the API's own address has the stage in its paths; custom domains do not.
    if mount != b"/$default" and ".execute-api." in domain and (path + b"/").startswith(mount + b"/"):
        return _wsgi(mount), _wsgi(path[len(mount) :]) or "/"
    return "", _wsgi(path)


def _wsgi(value: bytes) -> str:
    return value.decode("latin-1")
