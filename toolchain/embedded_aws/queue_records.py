"""Batches of SQS messages as events for functions, and what their answers say about each message.

Facts: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, cast

from moto.events.models import EventPattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def event(messages: Iterable[Any], queue_arn: str) -> dict[str, Any]:
    """The event of a batch.

    Args:
        messages: Moto's messages, as received.
        queue_arn: ARN of their queue.
    """
    return {"Records": [record(message, queue_arn) for message in messages]}


def record(message: Any, queue_arn: str) -> dict[str, Any]:
    """One message as functions receive it."""
    optional: dict[str, str | None] = {
        "MessageGroupId": message.group_id,
        "MessageDeduplicationId": message.deduplication_id,
        "SequenceNumber": message.sequence_number,
        "AWSTraceHeader": (message.system_attributes.get("AWSTraceHeader") or {}).get("StringValue"),
    }
    result: dict[str, Any] = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
            **{name: value for name, value in optional.items() if value},
        },
        "messageAttributes": {name: _attribute(value) for name, value in message.message_attributes.items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if message.message_attributes:
        result["md5OfMessageAttributes"] = message.attribute_md5
    return result


def failures(answer: bytes, ids: Sequence[str]) -> set[str]:
    """Ids of the messages that a function reports as failed; all of them when its report is not valid.

    Args:
        answer: What the function returned, JSON in bytes.
        ids: Ids of the batch.
    """
    everything = set(ids)
    try:
        found = json.loads(answer or b"null")
    except ValueError:
        return everything
    if found is None or found == {}:
        return set()
    if not isinstance(found, dict):
        return everything
    items = found.get("batchItemFailures") or []
    if not isinstance(items, list):
        return everything
    named = {item.get("itemIdentifier") if isinstance(item, dict) else None for item in items}
    return {str(name) for name in named} if named <= everything else everything


def wanted(message: dict[str, Any], patterns: Sequence[str]) -> bool:
    """Whether a message's record passes the filters of a mapping; a JSON body is compared as JSON."""
    if not patterns:
        return True
    try:
        body = json.loads(message["body"])
    except ValueError:
        body = message["body"]
    return any(EventPattern.load(pattern).matches_event(cast("Any", {**message, "body": body})) for pattern in patterns)


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    kind = value.get("DataType", "String")
    result: dict[str, Any] = {"dataType": kind, "stringListValues": [], "binaryListValues": []}
    if kind.startswith("Binary"):
        binary = value.get("BinaryValue", b"")
        result["binaryValue"] = base64.b64encode(binary).decode() if isinstance(binary, bytes) else binary
    else:
        result["stringValue"] = value.get("StringValue", "")
    return result
