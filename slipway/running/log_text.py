"""Log records for people: envelopes as lines of text. `--json` shows them as they are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from slipway.running import messages

if TYPE_CHECKING:
    from collections.abc import Mapping

# What says where a record was made, which people need only where something went wrong, and then from the traceback.
_UNSHOWN = {"logger", "location"}
# Frames up to the last of these are how the call came to the function's own code.
_FRAMEWORK = re.compile(r'File "[^"]*/(?:slipway_runtime|functions_framework)/[^"]*"')

_IMPORTING = re.compile(r'File "(?:<frozen importlib|[^"]*/importlib/__init__\.py")')
_FRAME = re.compile(r'^(?=  File ")', re.MULTILINE)
# The adapter's own word for a start that cannot be: its message says all, where it was raised says nothing.
_EXPLAINED = "StartupError"


def text_of(envelope: Mapping[str, Any]) -> str:
    """The text of a record: what was logged beside the message as `name=value`, a traceback on lines of its own."""
    message, error = str(envelope.get("message", "")), envelope.get("error") or {}
    # A record that is no logger's has no message of its own: it stands for itself, fields and all.
    fields = {} if message.startswith("{") else envelope.get("fields") or {}
    is_report = envelope.get("source") == "platform" and message.startswith("platform.")
    shown = _report(envelope, fields, error) if is_report else _extra(fields)
    cut = ["[cut]"] if envelope.get("cut") else []
    lines = [" ".join([message, *shown, *cut])]
    said = ": ".join(part for part in (error.get("type"), error.get("message")) if part)
    stack = str(error.get("stack") or "")
    if not is_report and stack not in message and error.get("type") != _EXPLAINED:
        lines += [frame.rstrip() for frame in _own_frames([part for part in _FRAME.split(stack) if part])]
    if not is_report and said and said not in message:
        lines.append(said)
    return "\n".join(lines)


def text_of_message(message: str) -> str:
    """The text of a record as a function wrote it."""
    return text_of(messages.read(message))


def of_function(log: str) -> str:
    """The end of a log as Invoke returns it, without Lambda's own records of start and end."""
    shown = []
    for index, line in enumerate(log.splitlines()):
        decoded = messages.decode(line) or (_cut(line) if index == 0 else None)
        if decoded is not None and messages.is_platform(decoded):
            continue
        envelope = messages.read(line if decoded is None else json.dumps(decoded))
        has_level = decoded is not None and any(key in decoded for key in messages.LEVEL_KEYS)
        text = text_of(envelope)
        shown.append(f"{envelope['severity']} {text}" if has_level else text)
    return "\n".join(shown).strip("\n")


def _cut(line: str) -> dict[str, Any] | None:
    """What is left of a record whose beginning is cut off, most likely in a long traceback or message."""
    # The cut may lie between a backslash and the quote that it belongs to.
    rests = [opening + rest for opening in ('{"stackTrace": ["', '{"message": "') for rest in (line, line[1:])]
    return next((found for rest in rests if (found := messages.decode(rest)) is not None), None)


def _extra(fields: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in fields.items()
        if name not in _UNSHOWN
    ]


def _report(envelope: Mapping[str, Any], fields: Mapping[str, Any], error: Mapping[str, Any]) -> list[str]:
    """What matters of Lambda's own record of a call."""
    metrics = fields.get("metrics") or {}
    facts = {
        "request": envelope.get("request_id"),
        "version": fields.get("version"),
        "error": error.get("type"),
        "duration": f"{metrics['durationMs']} ms" if "durationMs" in metrics else None,
        "memory": f"{metrics['maxMemoryUsedMB']} MB" if "maxMemoryUsedMB" in metrics else None,
    }
    return [f"{name}={value}" for name, value in facts.items() if value is not None]


def _own_frames(frames: list[str]) -> list[str]:
    """The frames after the framework's and none of the import machinery, or all where the framework itself failed."""
    seen = [frame for frame in frames if not _IMPORTING.search(frame)]
    last = max((index for index, frame in enumerate(seen) if _FRAMEWORK.search(frame)), default=-1)
    return seen[last + 1 :] or frames
