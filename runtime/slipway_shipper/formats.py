"""Finds out what a message says: in Lambda's JSON format, the adapter's, Lambda's text format, or in plain text."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

_SEVERITIES = {
    **{name: name for name in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")},
    "WARNING": "WARN",
    "CRITICAL": "FATAL",
    "NOTICE": "INFO",
    "ERR": "ERROR",
}
_LEVEL_KEYS = ("level", "logLevel", "severity", "levelname")
_MESSAGE_KEYS = ("message", "msg")
_REQUEST_KEYS = ("requestId", "request_id", "AWSRequestId", "function_request_id")
_TRACE_KEYS, _SPAN_KEYS = ("trace_id", "traceId"), ("span_id", "spanId")
# What the envelope says itself, or says better.
_STANDARD = {
    *(*_LEVEL_KEYS, *_MESSAGE_KEYS, *_REQUEST_KEYS, *_TRACE_KEYS, *_SPAN_KEYS),
    *("timestamp", "function", "errorType", "errorMessage", "stackTrace", "exception"),
}
_FRACTION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z")
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PYTHON_TEXT = re.compile(rf"\[(?P<level>[A-Z]+)\]\t\S+Z\t(?P<request>{_UUID})?\t(?P<message>.*)", re.DOTALL)
_NODE_TEXT = re.compile(rf"\S+Z\t(?P<request>{_UUID})\t(?P<level>[A-Z]+)\t(?P<message>.*)", re.DOTALL)
_BRACKETED = re.compile(r"\[(?P<level>[A-Z]+)\]\s*(?P<message>.*)", re.DOTALL)
_PLATFORM_TEXT = re.compile(rf"(?P<kind>START|END|REPORT) RequestId: (?P<request>{_UUID})\b|INIT_(?:START|REPORT)\b")
_ENDED = re.compile(rf"(?:\S+Z |RequestId: )(?P<request>{_UUID}) (?:Task timed out after|Error: )")
_TRACEBACK = "Traceback (most recent call last):"
_EXCEPTION = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?", re.DOTALL)
_ROOT = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24})")
_FAILED = ("error", "failure", "timeout")


@dataclasses.dataclass(kw_only=True, slots=True)
class Said:
    """What a message says.

    Attributes:
        message: The text.
        severity: Its severity.
        source: `function` or `platform`.
        fields: What the function logged beside it.
        error: `type`, `message` and `stack` of an error, as far as they are known; empty when there is none.
        request_id: The invocation; None when it does not tell.
        trace_id: The trace; None when it does not tell.
        span_id: The span; None when it does not tell.
        timestamp: When, if the message tells it finer than to the second.
    """

    message: str
    severity: str = "INFO"
    source: str = "function"
    fields: dict[str, Any] = dataclasses.field(default_factory=dict)
    error: dict[str, str] = dataclasses.field(default_factory=dict)
    request_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    timestamp: str | None = None


def read(message: str) -> Said:
    """What a message says; text that has no known form is its own message."""
    if message.lstrip().startswith("{"):
        try:
            value = json.loads(message)
        except (ValueError, RecursionError):
            value = None  # cut by the platform, or no JSON at all
        if isinstance(value, dict):
            return _platform(value) or _json(value)
    return _text(message.rstrip("\r\n"))


def _platform(value: dict[str, Any]) -> Said | None:
    """A record of Lambda's own, in JSON."""
    kind, record = str(value.get("type", "")), value.get("record")
    if not kind.startswith("platform.") or not isinstance(record, dict):
        return None
    found = record.get("tracing")
    tracing: dict[str, Any] = found if isinstance(found, dict) else {}
    root = _ROOT.search(str(tracing.get("value", "")))
    status = str(record.get("status", ""))
    error = {"type": str(record["errorType"])} if record.get("errorType") else {}
    return Said(
        message=f"{kind} {status}".rstrip(),
        severity="ERROR" if status in _FAILED else "INFO",
        source="platform",
        fields={name: item for name, item in record.items() if name not in {"requestId", "errorType", "tracing"}},
        error=error,
        request_id=_optional(record.get("requestId")),
        trace_id=root[1] + root[2] if root else None,
        span_id=_optional(tracing.get("spanId")),
        timestamp=_fine(value.get("time")),
    )


def _json(value: dict[str, Any]) -> Said:
    found = next((value[key] for key in _MESSAGE_KEYS if key in value), None)
    fields = {name: item for name, item in value.items() if name not in _STANDARD}
    if isinstance(found, dict):
        fields = {**fields, **found}
        found = next((found[key] for key in _MESSAGE_KEYS if isinstance(found.get(key), str)), None)
    error = _error(value)
    if found is None:
        found = ": ".join(part for part in (error.get("type"), error.get("message")) if part) or _compact(value)
    return Said(
        message=found.rstrip("\r\n") if isinstance(found, str) else _compact(found),
        severity=_severity(_first(value, _LEVEL_KEYS)) or ("ERROR" if error else "INFO"),
        fields=fields,
        error=error,
        request_id=_optional(_first(value, _REQUEST_KEYS)),
        trace_id=_optional(_first(value, _TRACE_KEYS)),
        span_id=_optional(_first(value, _SPAN_KEYS)),
        timestamp=_fine(value.get("timestamp")),
    )


def _error(value: dict[str, Any]) -> dict[str, str]:
    trace = value.get("stackTrace") or value.get("exception") or ""
    frames = [str(frame) for frame in trace] if isinstance(trace, list) else [str(trace)]
    kind, message = str(value.get("errorType") or ""), str(value.get("errorMessage") or "")
    stack = "".join(frame if frame.endswith("\n") else f"{frame}\n" for frame in frames if frame).rstrip("\n")
    return _without_nothing(kind, message, stack)


def _text(message: str) -> Said:
    if match := _PLATFORM_TEXT.match(message):
        return Said(message=message, source="platform", request_id=match["request"])
    if match := _ENDED.match(message):
        return Said(message=message, severity="ERROR", source="platform", request_id=match["request"])
    match = _PYTHON_TEXT.fullmatch(message) or _NODE_TEXT.fullmatch(message) or _BRACKETED.fullmatch(message)
    severity = _severity(match["level"]) if match else None
    if match is None or severity is None:
        error = _traceback(message)
        return Said(message=message, severity="ERROR" if error else "INFO", error=error)
    text = match["message"]
    request = match.groupdict().get("request")
    return Said(message=text, severity=severity, error=_traceback(text), request_id=request)


def _traceback(text: str) -> dict[str, str]:
    """The error in a Python traceback: it is what the last line that is not indented names."""
    if _TRACEBACK not in text:
        return {}
    before, _, trace = text.partition(_TRACEBACK)
    last = next((line for line in reversed(trace.splitlines()) if line and not line.startswith(" ")), before.strip())
    match = _EXCEPTION.fullmatch(last)
    kind, message = (match["type"], match["message"] or "") if match else ("", last)
    return _without_nothing(kind, message, _TRACEBACK + trace.rstrip())


def _without_nothing(kind: str, message: str, stack: str) -> dict[str, str]:
    return {name: text for name, text in (("type", kind), ("message", message), ("stack", stack)) if text}


def _first(value: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((value[key] for key in keys if value.get(key) is not None), None)


def _severity(level: Any) -> str | None:
    return _SEVERITIES.get(level.upper()) if isinstance(level, str) else None


def _optional(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _fine(value: Any) -> str | None:
    return value if isinstance(value, str) and _FRACTION.fullmatch(value) else None


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
