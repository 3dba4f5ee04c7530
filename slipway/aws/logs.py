"""Reads what functions logged from CloudWatch Logs."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import botocore.exceptions

from slipway.aws import log_text
from slipway.aws.clients import error_code, readable_errors
from slipway.core.errors import BadInputError, EngineError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator

    from slipway.aws.clients import Aws

POLL_S = 1.0
# CloudWatch Logs may show an event later than one with a later time stamp.
_LATE_MS = 60_000
_REMEMBERED = 20_000
_AGO = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """One event of a log.

    Attributes:
        time: When it was logged.
        message: The event's text as stored.
        stream: Name of its log stream.
        id: CloudWatch's identifier of the event.
    """

    time: dt.datetime
    message: str
    stream: str
    id: str

    def render(self) -> str:
        """`time level message` on one line or, with a traceback, on several."""
        stamp = self.time.astimezone().isoformat(timespec="milliseconds")
        level, text = log_text.level_and_text(self.message)
        return f"{stamp} {level:<5} {text}"

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values; what the function logged as JSON is an object."""
        return {
            "time": self.time.isoformat(),
            "stream": self.stream,
            "message": log_text.decode(self.message) or self.message.rstrip("\n"),
        }


def parse_since(text: str, now: dt.datetime) -> dt.datetime:
    """A point in time from `10m`, `2h`, `1d`, or an ISO 8601 date or time (local time unless it says otherwise).

    Raises:
        BadInputError: It is none of these.
    """
    ago = _AGO.fullmatch(text.strip().lower())
    if ago:
        return now - dt.timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
    try:
        return dt.datetime.fromisoformat(text.strip()).astimezone()
    except ValueError:
        raise BadInputError(
            f"--since: {text!r} is no time; give 30s, 10m, 2h, 1d or 2030-01-31T12:00:00Z, for example"
        ) from None


def read(aws: Aws, group: str, since: dt.datetime) -> Iterator[Record]:
    """Events of a log group from `since` on, oldest first.

    Raises:
        EngineError: There is no such group, or AWS refused or failed.
    """
    for event in _pages(aws, group, int(since.timestamp() * 1000)):
        yield _record(event)


def last(records: Iterable[Record], count: int) -> list[Record]:
    """The last `count` records."""
    return list(collections.deque(records, maxlen=count))


def follow(aws: Aws, group: str, since: dt.datetime, stop: threading.Event) -> Iterator[Record]:
    """Events from `since` on and then whatever comes, each once, until `stop` is set.

    Raises:
        EngineError: There is no such group, or AWS refused or failed.
    """
    seen: collections.OrderedDict[str, None] = collections.OrderedDict()
    start_ms = int(since.timestamp() * 1000)
    newest_ms = start_ms
    while not stop.is_set():
        for event in _pages(aws, group, max(start_ms, newest_ms - _LATE_MS)):
            if event["eventId"] in seen:
                continue
            seen[event["eventId"]] = None
            newest_ms = max(newest_ms, event["timestamp"])
            yield _record(event)
        while len(seen) > _REMEMBERED:
            seen.popitem(last=False)
        stop.wait(POLL_S)


def _pages(aws: Aws, group: str, start_ms: int) -> Iterator[dict[str, Any]]:
    paginator = aws.client("logs").get_paginator("filter_log_events")
    with readable_errors(aws.environment, f"log group {group}"):
        try:
            for page in paginator.paginate(logGroupName=group, startTime=start_ms):
                yield from page["events"]
        except botocore.exceptions.ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            raise EngineError(
                f"log group {group} does not exist in {aws.environment}; what to do: run "
                f"`slipway up -s {aws.environment}`, then call the function once"
            ) from error


def _record(event: dict[str, Any]) -> Record:
    moment = dt.datetime.fromtimestamp(event["timestamp"] / 1000, tz=dt.UTC)
    return Record(moment, event["message"], event.get("logStreamName", ""), event["eventId"])
