"""Calls a deployed function through Lambda's own Invoke, on its live version."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from typing import TYPE_CHECKING, Any

from slipway.aws.clients import readable_errors
from slipway.running.calls import Answer, text_or_bytes

if TYPE_CHECKING:
    from slipway.aws.clients import Aws

LIVE = "live"
_REPORT = re.compile(r"\bDuration: (?P<ms>[\d.]+) ms")
_REPORT_JSON = re.compile(r'"durationMs": ?(?P<ms>[\d.]+)')
# arn:aws:lambda:region:account:function:name, then an alias or a version
_PARTS = 7


def invoke(aws: Aws, name: str, arn: str, payload: Any, *, version: str = LIVE, asynchronous: bool = False) -> Answer:
    """Call a function once; it is never called again by itself.

    Args:
        aws: The account.
        name: Name of the function, for messages.
        arn: ARN of the function, or of its alias.
        payload: Event, any JSON value.
        version: Alias or version to call.
        asynchronous: Whether to queue the event and not wait for the answer.

    Raises:
        EngineError: The function does not exist, or AWS refused or failed. A failing function raises nothing.
    """
    started = time.monotonic()
    with readable_errors(aws.environment, name):
        response = aws.invoker().invoke(
            FunctionName=qualified(arn, version),
            InvocationType="Event" if asynchronous else "RequestResponse",
            LogType="None" if asynchronous else "Tail",
            Payload=json.dumps(payload).encode(),
        )
        raw = response["Payload"].read()
    elapsed_ms = (time.monotonic() - started) * 1000
    log = base64.b64decode(response.get("LogResult", "")).decode(errors="replace")
    return _answer(
        raw,
        failed=bool(response.get("FunctionError")),
        status=int(response["StatusCode"]),
        log=log,
        duration_ms=_duration(log, elapsed_ms),
        version=str(response.get("ExecutedVersion", "")),
    )


def qualified(arn: str, qualifier: str) -> str:
    """A function's ARN with another alias or version, or with one at all."""
    return f"{unqualified(arn)}:{qualifier}"


def unqualified(arn: str) -> str:
    """A function's ARN without its alias or version."""
    return ":".join(arn.split(":")[:_PARTS])


def _answer(raw: bytes, *, failed: bool, status: int, log: str, duration_ms: float, version: str) -> Answer:
    value = _decoded(raw)
    headers: dict[str, str] = {}
    error = None
    if failed:
        details = value if isinstance(value, dict) else {}
        error = f"{details.get('errorType', 'error')}: {details.get('errorMessage', value)}"
    elif isinstance(value, dict) and isinstance(value.get("statusCode"), int):
        status = value["statusCode"]
        headers = {str(key): str(item) for key, item in (value.get("headers") or {}).items()}
        value = _http_body(value)
    return Answer(
        status=status,
        body=None if failed else value,
        headers=headers,
        error=error,
        log=log,
        duration_ms=round(duration_ms, 2),
        version=version,
    )


def _http_body(answer: dict[str, Any]) -> Any:
    body = answer.get("body") or ""
    if not answer.get("isBase64Encoded"):
        return body
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return body
    return text_or_bytes(data)


def _decoded(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")


def _duration(log: str, elapsed_ms: float) -> float:
    found = _REPORT.search(log) or _REPORT_JSON.search(log)
    return float(found["ms"]) if found else elapsed_ms
