"""Log records for people: JSON records of functions as lines of text. `--json` shows them as they are."""

from __future__ import annotations

import json
import re
from typing import Any

_LEVELS = {"TRACE", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL"}
# What Lambda's own formatter and the adapter put into each record; everything else is the function's `extra`.
_STANDARD = {
    *("timestamp", "level", "logLevel", "message", "msg", "logger", "requestId", "function", "location"),
    *("errorType", "errorMessage", "stackTrace", "exception"),
}
# Frames up to the last of these are how the call came to the function's own code.
_FRAMEWORK = re.compile(r'File "[^"]*/(?:slipway_runtime|functions_framework)/[^"]*"')

_IMPORTING = re.compile(r'File "(?:<frozen importlib|[^"]*/importlib/__init__\.py")')
# The adapter's own word for a start that cannot be: its message says all, where it was raised says nothing.
_EXPLAINED = "StartupError"


def decode(message: str) -> dict[str, Any] | None:
    """The JSON object that a record is, or None when it is plain text."""
    try:
        value = json.loads(message)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def level_and_text(message: str) -> tuple[str, str]:
    """A record's level (may be empty) and its text: `extra` as `name=value`, a traceback on lines of its own."""
    decoded = decode(message)
    if decoded is None:
        first = message.lstrip("[").split(None, 1)
        level = first[0].rstrip("]") if first and first[0].rstrip("]") in _LEVELS else ""
        return level, message.rstrip()
    platform = _platform_record(decoded)
    if platform is not None:
        return "INFO", _platform(str(decoded["type"]), platform)
    return str(decoded.get("level", decoded.get("logLevel", ""))), _text(decoded)


def of_function(log: str) -> str:
    """The end of a log as Invoke returns it, without Lambda's own records of start and end."""
    shown = []
    for index, line in enumerate(log.splitlines()):
        decoded = decode(line) or (_cut(line) if index == 0 else None)
        if decoded is not None and _platform_record(decoded) is not None:
            continue
        level, text = level_and_text(line if decoded is None else json.dumps(decoded))
        shown.append(f"{level} {text}" if decoded is not None and level else text)
    return "\n".join(shown).strip("\n")


def _cut(line: str) -> dict[str, Any] | None:
    """What is left of a record whose beginning is cut off, most likely in a long traceback or message."""
    # The cut may lie between a backslash and the quote that it belongs to.
    rests = [opening + rest for opening in ('{"stackTrace": ["', '{"message": "') for rest in (line, line[1:])]
    return next((found for rest in rests if (found := decode(rest)) is not None), None)


def _text(decoded: dict[str, Any]) -> str:
    error = ": ".join(str(decoded[key]) for key in ("errorType", "errorMessage") if decoded.get(key))
    message = str(decoded.get("message", decoded.get("msg", "")))
    if not message and not error:
        return json.dumps(decoded, ensure_ascii=False)
    extra = [
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in decoded.items()
        if name not in _STANDARD
    ]
    explained = decoded.get("errorType") == _EXPLAINED
    trace = None if explained else decoded.get("stackTrace") or decoded.get("exception")
    frames = _own_frames([str(frame) for frame in trace] if isinstance(trace, list) else [str(trace)] if trace else [])
    lines = [" ".join([message or error, *extra]), *(frame.rstrip() for frame in frames)]
    if error and message:
        lines.append(error)
    return "\n".join(lines)


def _own_frames(frames: list[str]) -> list[str]:
    """The frames after the framework's and none of the import machinery, or all where the framework itself failed."""
    seen = [frame for frame in frames if not _IMPORTING.search(frame)]
    last = max((index for index, frame in enumerate(seen) if _FRAMEWORK.search(frame)), default=-1)
    return seen[last + 1 :] or frames


def _platform_record(decoded: dict[str, Any]) -> dict[str, Any] | None:
    record = decoded.get("record")
    return record if str(decoded.get("type", "")).startswith("platform.") and isinstance(record, dict) else None


def _platform(kind: str, record: dict[str, Any]) -> str:
    metrics = record.get("metrics") or {}
    facts = {
        "request": record.get("requestId"),
        "version": record.get("version"),
        "status": record.get("status"),
        "error": record.get("errorType"),
        "duration": f"{metrics['durationMs']} ms" if "durationMs" in metrics else None,
        "memory": f"{metrics['maxMemoryUsedMB']} MB" if "maxMemoryUsedMB" in metrics else None,
    }
    return " ".join([kind, *(f"{name}={value}" for name, value in facts.items() if value is not None)])
