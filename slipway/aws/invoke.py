"""Calls a deployed function through Lambda's own Invoke, on its live version."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import re
import time
from typing import TYPE_CHECKING, Any

from slipway.aws.clients import readable_errors

if TYPE_CHECKING:
    from slipway.aws.clients import Aws

LIVE = "live"
_REPORT = re.compile(r"\bDuration: (?P<ms>[\d.]+) ms")
_REPORT_JSON = re.compile(r'"durationMs": ?(?P<ms>[\d.]+)')
_SERVER_ERROR = 500
# arn:aws:lambda:region:account:function:name:alias
_COLONS_IF_QUALIFIED = 7


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What a function answered.

    Attributes:
        status: Status of its HTTP answer; for other functions Lambda's status of the invocation (200, 202).
        body: Its answer: the body of an HTTP answer, or the decoded JSON value; None for an asynchronous call.
        headers: Headers of its HTTP answer; empty for other functions.
        error: `type: message` when the function failed; None when it answered.
        log: The last 4 KB of its log; empty for an asynchronous call.
        duration_ms: How long it ran, as Lambda says; else how long the call took.
        version: Version that ran; empty when unknown.
    """

    status: int
    body: Any
    headers: dict[str, str]
    error: str | None
    log: str
    duration_ms: float
    version: str

    @property
    def ok(self) -> bool:
        """Whether the function did its work: no error, no server error as its HTTP answer."""
        return self.error is None and self.status < _SERVER_ERROR

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON values; a body of bytes as base64."""
        values = dataclasses.asdict(self)
        if isinstance(self.body, bytes):
            values["body"] = base64.b64encode(self.body).decode()
        return {**values, "ok": self.ok}


def invoke(aws: Aws, name: str, arn: str, payload: Any, *, asynchronous: bool = False) -> Answer:
    """Call a function once; it is never called again by itself.

    Args:
        aws: The account.
        name: Name of the function, for messages.
        arn: ARN of its live alias, or of the function, whose alias `live` is then called.
        payload: Event, any JSON value.
        asynchronous: Whether to queue the event and not wait for the answer.

    Raises:
        EngineError: The function does not exist, or AWS refused or failed. A failing function raises nothing.
    """
    started = time.monotonic()
    with readable_errors(aws.environment, name):
        response = aws.invoker().invoke(
            FunctionName=with_alias(arn),
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


def with_alias(arn: str) -> str:
    """A function's ARN with the alias `live`, unless it names a version or an alias already."""
    return arn if arn.count(":") == _COLONS_IF_QUALIFIED else f"{arn}:{LIVE}"


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
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


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
