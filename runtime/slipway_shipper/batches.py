"""Reads records of a Firehose stream as batches of CloudWatch Logs.

Facts: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_GZIP = b"\x1f\x8b"
_VERSION = re.compile(r"\[([^\]]+)\]")
_TRACEBACK = "Traceback (most recent call last):"
_CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)


class NotABatchError(Exception):
    """A record is something else than a batch of CloudWatch Logs."""


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One event of a log group.

    Attributes:
        id: Identity that CloudWatch Logs gave it.
        milliseconds: When it was written, Unix milliseconds.
        message: Its text.
    """

    id: str
    milliseconds: int
    message: str


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Events of one log stream.

    Attributes:
        group: Name of the log group.
        version: Version of the function that wrote them; None when the stream's name does not tell.
        events: The events; lines that are one traceback are one event.
    """

    group: str
    version: str | None
    events: Sequence[Event]

    @property
    def function(self) -> str:
        """Name of the function: the last part of the group's name."""
        return self.group.rpartition("/")[2]


def payload(data: str) -> bytes:
    """What a record holds, unpacked if it is packed.

    Raises:
        NotABatchError: It is damaged.
    """
    try:
        content = base64.b64decode(data)
        return gzip.decompress(content) if content.startswith(_GZIP) else content
    except (ValueError, EOFError, OSError) as error:
        raise NotABatchError(f"it cannot be unpacked ({type(error).__name__})") from error


def read(content: bytes) -> Batch | None:
    """The batch in a record; None for a message by which CloudWatch Logs only tries whether the stream is there.

    Raises:
        NotABatchError: It is something else.
    """
    try:
        found = json.loads(content)
        kind = found["messageType"]
        if kind == "CONTROL_MESSAGE":
            return None
        if kind != "DATA_MESSAGE":
            raise NotABatchError(f"its messageType is unknown ({len(str(kind))} characters)")
        version = _VERSION.search(found["logStream"])
        events = (_event(item) for item in found["logEvents"])
        return Batch(found["logGroup"], version and version[1], list(_joined(events)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotABatchError(f"it is no batch of CloudWatch Logs ({type(error).__name__})") from error


def _event(item: dict[str, Any]) -> Event:
    return Event(str(item["id"]), int(item["timestamp"]), str(item["message"]))


def _joined(events: Iterable[Event]) -> Iterable[Event]:
    """The events, with those that are the lines of one printed traceback as one."""
    lines: list[Event] = []
    for event in events:
        if lines and _continues(lines, event.message):
            lines.append(event)
            continue
        yield from _one(lines)
        lines = [event]
        if event.message.rstrip() != _TRACEBACK:
            yield from _one(lines)
            lines = []
    yield from _one(lines)


def _continues(lines: Sequence[Event], message: str) -> bool:
    """Whether a line belongs to the traceback that began before: frames, the exception, and what it came from."""
    last = lines[-1].message
    text = message.rstrip()
    if message.startswith(" ") or not text or text in _CHAINED:
        return True
    if text == _TRACEBACK:
        return not last.strip() or last.rstrip() in _CHAINED
    return last.startswith(" ")


def _one(lines: Sequence[Event]) -> Iterable[Event]:
    if lines:
        text = "\n".join(event.message.rstrip("\r\n") for event in lines)
        yield Event(lines[0].id, lines[0].milliseconds, text)
