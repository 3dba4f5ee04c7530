"""Reads what functions logged from CloudWatch Logs."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import botocore.exceptions

from slipway.aws.clients import error_code, readable_errors
from slipway.core.errors import EngineError
from slipway.running.records import stamp_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from slipway.aws.clients import Aws
    from slipway.running.records import Origin, Record

POLL_S = 1.0
# CloudWatch Logs may show an event later than one with a later time stamp.
_LATE_MS = 60_000
_REMEMBERED = 20_000
_VERSION = re.compile(r"\[([^\]]+)\]")
# Lambda cuts what is longer than an event may be, 256 KB or 1 MB with the 26 bytes of its frame.
_LIMITS_BYTES = (256 * 1024, 1024 * 1024)
_FRAME_BYTES = 26


@dataclasses.dataclass(frozen=True, kw_only=True)
class Group:
    """The log group of a function.

    Attributes:
        name: Its name.
        origin: Whose logs are there.
    """

    name: str
    origin: Origin


def kept_since(aws: Aws, group: str, now: dt.datetime) -> dt.datetime | None:
    """From when on a log group has everything: since it was made, and within its retention; None when there is none.

    Raises:
        EngineError: AWS refused or failed.
    """
    with readable_errors(aws.environment, f"log group {group}"):
        found = aws.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    about = next((one for one in found if one["logGroupName"] == group), None)
    if about is None:
        return None
    made = dt.datetime.fromtimestamp(about["creationTime"] / 1000, tz=dt.UTC)
    days = about.get("retentionInDays")
    return max(made, now - dt.timedelta(days=days)) if days else made


def read(aws: Aws, group: Group, since: dt.datetime) -> Iterator[Record]:
    """Events of a log group from `since` on, oldest first.

    Raises:
        EngineError: There is no such group, or AWS refused or failed.
    """
    for event in _pages(aws, group.name, int(since.timestamp() * 1000)):
        yield _record(group.origin, event)


def follow(aws: Aws, group: Group, since: dt.datetime, stop: threading.Event) -> Iterator[Record]:
    """Events from `since` on and then whatever comes, each once, until `stop` is set.

    Raises:
        EngineError: There is no such group, or AWS refused or failed.
    """
    seen: collections.OrderedDict[str, None] = collections.OrderedDict()
    start_ms = int(since.timestamp() * 1000)
    newest_ms = start_ms
    while not stop.is_set():
        for event in _pages(aws, group.name, max(start_ms, newest_ms - _LATE_MS)):
            if event["eventId"] in seen:
                continue
            seen[event["eventId"]] = None
            newest_ms = max(newest_ms, event["timestamp"])
            yield _record(group.origin, event)
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


def _record(origin: Origin, event: dict[str, Any]) -> Record:
    """An event with the same envelope as the sinks' own reader of log groups gives it."""
    message, stream = str(event["message"]), _VERSION.search(event.get("logStreamName", ""))
    size = len(message.encode())
    return origin.record(
        message,
        timestamp=stamp_of(event["timestamp"] * 1_000_000, 3),
        own_time=True,
        id=event["eventId"],
        revision=stream and stream[1],
        cut=any(limit - _FRAME_BYTES <= size <= limit for limit in _LIMITS_BYTES),
    )
