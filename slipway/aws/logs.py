"""Reads what functions logged from CloudWatch Logs."""

from __future__ import annotations

import collections
import datetime as dt
from typing import TYPE_CHECKING, Any

import botocore.exceptions

from slipway.aws.clients import error_code, readable_errors
from slipway.core.errors import EngineError
from slipway.running.records import Record

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from slipway.aws.clients import Aws

POLL_S = 1.0
# CloudWatch Logs may show an event later than one with a later time stamp.
_LATE_MS = 60_000
_REMEMBERED = 20_000


def read(aws: Aws, group: str, since: dt.datetime) -> Iterator[Record]:
    """Events of a log group from `since` on, oldest first.

    Raises:
        EngineError: There is no such group, or AWS refused or failed.
    """
    for event in _pages(aws, group, int(since.timestamp() * 1000)):
        yield _record(event)


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
