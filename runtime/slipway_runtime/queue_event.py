"""SQS batches: one CloudEvent for each message, and the messages that failed back to the queue."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from slipway_runtime import cloud_event
from slipway_runtime.logs import log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

MESSAGE_TYPE = "io.slipway.queue.message"
"""CloudEvents type of messages that are no CloudEvents themselves."""


def matches(event: Mapping[str, Any]) -> bool:
    """Whether an event is a batch of SQS messages."""
    records = event.get("Records")
    return isinstance(records, list) and all(
        isinstance(record, dict) and record.get("eventSource") == "aws:sqs" for record in records
    )


def serve(app: Flask, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Hand each message to the function, one after the other.

    Args:
        app: The framework's app of a `cloudevent` function.
        event: Event for which `matches` holds.
        context: Lambda's context object.

    Returns:
        `{"batchItemFailures": [{"itemIdentifier": messageId}, ...]}`: what SQS shall deliver again. In a FIFO queue,
        what follows a failed message in its group is not tried and goes back too, so that the order is kept.
    """
    failed: list[str] = []
    blocked: set[str] = set()
    for record in event["Records"]:
        message, group = record["messageId"], _group(record)
        if group in blocked:
            log.warning("message %s goes back to the queue: an earlier one of group %s failed", message, group)
            failed.append(message)
            continue
        try:
            cloud_event.deliver(app, from_record(record), context)
        except Exception as error:  # noqa: BLE001 - one bad message must not take the others with it
            log.exception(
                "message %s failed and goes back to the queue: %s",
                message,
                type(error).__name__,
                extra={"messageId": message, "queue": record.get("eventSourceARN")},
            )
            failed.append(message)
            if group is not None:
                blocked.add(group)
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


def from_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The CloudEvent of one message.

    A body that is a CloudEvent in JSON format, and a message with the attributes `ce-specversion`, `ce-id`,
    `ce-source` and `ce-type`, are passed on as that CloudEvent; anything else becomes `io.slipway.queue.message`.
    """
    attributes = {
        name.lower(): value["stringValue"]
        for name, value in (record.get("messageAttributes") or {}).items()
        if value.get("stringValue") is not None
    }
    data, content_type = _data(record["body"], attributes.get("content-type"))
    if cloud_event.is_complete(data):
        return cloud_event.from_direct(data)
    given = {name.removeprefix("ce-"): value for name, value in attributes.items() if name.startswith("ce-")}
    if cloud_event.is_complete(given):
        return cloud_event.from_direct({**given, "datacontenttype": content_type, "data": data})
    system = record.get("attributes") or {}
    return cloud_event.normalised(
        {
            "specversion": "1.0",
            "id": record["messageId"],
            "source": record.get("eventSourceARN") or "/queues/unknown",
            "type": MESSAGE_TYPE,
            "time": _time(system.get("SentTimestamp")),
            "datacontenttype": content_type,
            "receivecount": system.get("ApproximateReceiveCount"),
            "partitionkey": system.get("MessageGroupId"),
            "sequence": system.get("SequenceNumber"),
            "data": data,
        }
    )


def _data(body: str, content_type: str | None) -> tuple[Any, str]:
    if content_type is None or cloud_event.is_json(content_type):
        try:
            return json.loads(body), content_type or "application/json"
        except ValueError:
            return body, "text/plain"
    return body, content_type


def _time(sent_ms: str | None) -> str | None:
    if sent_ms is None:
        return None
    moment = dt.datetime.fromtimestamp(int(sent_ms) / 1000, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _group(record: Mapping[str, Any]) -> str | None:
    """Message group, for FIFO queues only: standard queues may have groups too, without an order."""
    if not str(record.get("eventSourceARN", "")).endswith(".fifo"):
        return None
    return str((record.get("attributes") or {}).get("MessageGroupId"))
