"""What a message of a function's log says: the parts of its envelope, from JSON records and from plain text.

The agents of the sinks read messages by the same rules where they run, without this package; contract tests in
`tests/unit/slipway/running/test_messages.py` hold them together.
"""

from __future__ import annotations

import json
import re
from typing import Any

LEVEL_KEYS = ("level", "logLevel", "severity", "levelname")
"""Keys under which records name their level."""

_SEVERITIES = {
    **{name: name for name in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")},
    "WARNING": "WARN",
    "CRITICAL": "FATAL",
    "NOTICE": "INFO",
    "ERR": "ERROR",
}
_MESSAGE_KEYS = ("message", "msg")
_REQUEST_KEYS = ("requestId", "request_id", "AWSRequestId", "function_request_id")
_TRACE_KEYS, _SPAN_KEYS = ("trace_id", "traceId"), ("span_id", "spanId")
_STANDARD = {
    *(*LEVEL_KEYS, *_MESSAGE_KEYS, *_REQUEST_KEYS, *_TRACE_KEYS, *_SPAN_KEYS),
    *("timestamp", "function", "errorType", "errorMessage", "stackTrace", "exception"),
}
_FINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z")
_BRACKETED = re.compile(r"\[(?P<level>[A-Z]+)\]\s*(?P<message>.*)", re.DOTALL)
_TRACEBACK = "Traceback (most recent call last):"
_EXCEPTION = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?", re.DOTALL)
_ROOT = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24})")
_FAILED = {"error", "failure", "timeout"}


def decode(message: str) -> dict[str, Any] | None:
    """The JSON object that a message is, or None when it is plain text."""
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def read(message: str) -> dict[str, Any]:
    """The parts of an envelope that a message decides: severity, message, source, fields, error, ids of its request.

    `timestamp` is among them where the message tells it finer than to the second.
    """
    value = decode(message)
    parts = _text(message.rstrip("\r\n")) if value is None else _platform(value) or _record(value)
    return {name: part for name, part in parts.items() if part not in (None, {})}


def is_platform(value: dict[str, Any]) -> bool:
    """Whether a JSON object is a record of Lambda itself."""
    return str(value.get("type", "")).startswith("platform.") and isinstance(value.get("record"), dict)


def _platform(value: dict[str, Any]) -> dict[str, Any] | None:
    if not is_platform(value):
        return None
    record = value["record"]
    status, tracing = str(record.get("status") or ""), record.get("tracing")
    tracing = tracing if isinstance(tracing, dict) else {}
    root = _ROOT.search(str(tracing.get("value", "")))
    return {
        "timestamp": _fine(value.get("time")),
        "severity": "ERROR" if status in _FAILED else "INFO",
        "message": f"{value['type']} {status}".rstrip(),
        "fields": {key: item for key, item in record.items() if key not in {"requestId", "errorType", "tracing"}},
        "error": _without_nothing(str(record.get("errorType") or ""), "", ""),
        "source": "platform",
        "request_id": _optional(record.get("requestId")),
        "trace_id": root[1] + root[2] if root else None,
        "span_id": _optional(tracing.get("spanId")),
    }


def _record(value: dict[str, Any]) -> dict[str, Any]:
    said = next((value[key] for key in _MESSAGE_KEYS if key in value), None)
    fields = {key: item for key, item in value.items() if key not in _STANDARD}
    if isinstance(said, dict):
        fields |= said
        said = next((said[key] for key in _MESSAGE_KEYS if isinstance(said.get(key), str)), None)
    error = _error(value)
    if said is None:
        said = ": ".join(part for part in (error.get("type"), error.get("message")) if part) or _compact(value)
    return {
        "timestamp": _fine(value.get("timestamp")),
        "severity": _severity(_first(value, LEVEL_KEYS)) or ("ERROR" if error else "INFO"),
        "message": said.rstrip("\r\n") if isinstance(said, str) else _compact(said),
        "fields": fields,
        "error": error,
        "source": "function",
        "request_id": _optional(_first(value, _REQUEST_KEYS)),
        "trace_id": _optional(_first(value, _TRACE_KEYS)),
        "span_id": _optional(_first(value, _SPAN_KEYS)),
    }


def _error(value: dict[str, Any]) -> dict[str, str]:
    trace = value.get("stackTrace") or value.get("exception") or ""
    frames = [str(frame) for frame in trace] if isinstance(trace, list) else [str(trace)]
    kind, message = str(value.get("errorType") or ""), str(value.get("errorMessage") or "")
    stack = "".join(frame if frame.endswith("\n") else f"{frame}\n" for frame in frames if frame).rstrip("\n")
    return _without_nothing(kind, message, stack)


def _text(text: str) -> dict[str, Any]:
    found = _BRACKETED.fullmatch(text)
    level = _severity(found["level"]) if found else None
    if found and level:
        text = found["message"]
    error = _traceback(text)
    return {
        "severity": level or ("ERROR" if error else "INFO"),
        "message": text,
        "error": error,
        "source": "function",
    }


def _traceback(text: str) -> dict[str, str]:
    """The error in a Python traceback: it is what the last line that is not indented names."""
    before, found, trace = text.partition(_TRACEBACK)
    if not found:
        return {}
    last = next((line for line in reversed(trace.splitlines()) if line and not line.startswith(" ")), before.strip())
    named = _EXCEPTION.fullmatch(last)
    kind, message = (named["type"], named["message"] or "") if named else ("", last)
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
    return value if isinstance(value, str) and _FINE.fullmatch(value) else None


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
