"""Dead letters on AWS: what no retry could deliver lies in a function's queue of failures, or in a queue's own DLQ.

A queue of failures holds three kinds of messages, all written by AWS: records of Lambda for asynchronous invocations
(the event is their `requestPayload`), and the events themselves from EventBridge rules and from Scheduler, which name
the reason in attributes of the message. Sources: AWS Lambda guide, "Retaining records of asynchronous invocations";
EventBridge guide, "Using dead-letter queues"; Scheduler guide, "Configuring a dead-letter queue".
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import botocore.exceptions

from slipway.aws.clients import error_code, readable_errors
from slipway.aws.invoke import LIVE, invoke
from slipway.core.errors import EngineError, SlipwayError
from slipway.running.runner import Redriven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.aws.clients import Aws

# Longer than any call of a function, so that nobody else gets a message while it is being sent again.
_HIDDEN_S = 960
_WAIT_S = 1
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
_TRUNCATED = "IS_PAYLOAD_TRUNCATED"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Box:
    """A queue that holds dead letters of a function.

    Attributes:
        url: Its address.
        source: Address of the queue whose messages they were; None for events, which go to the function itself.
    """

    url: str
    source: str | None = None


def boxes(aws: Aws, name: str, function: str) -> list[Box]:
    """The queues that hold a function's dead letters: the failures of its events, then the DLQ of each of its queues.

    Args:
        aws: The account.
        name: Name of the function in the project.
        function: Its physical name or ARN.

    Raises:
        EngineError: AWS refused or failed.
    """
    client = aws.client("lambda")
    with readable_errors(aws.environment, name):
        found = []
        failures = _failures(client, function)
        if failures is not None:
            found.append(Box(url=_url(aws, failures)))
        pages = client.get_paginator("list_event_source_mappings").paginate(FunctionName=f"{function}:{LIVE}")
        queues = {mapping["EventSourceArn"] for page in pages for mapping in page["EventSourceMappings"]}
        for arn in sorted(queue for queue in queues if _service(queue) == "sqs"):
            source = _url(aws, arn)
            policy = _attributes(aws, source, "RedrivePolicy").get("RedrivePolicy")
            if policy:
                found.append(Box(url=_url(aws, json.loads(policy)["deadLetterTargetArn"]), source=source))
    return found


def count(aws: Aws, name: str, found: Sequence[Box]) -> int:
    """How many dead letters there are, as SQS estimates.

    Raises:
        EngineError: AWS refused or failed.
    """
    with readable_errors(aws.environment, name):
        return sum(int(_attributes(aws, box.url, *_COUNTS).get(key, 0)) for box in found for key in _COUNTS)


def redrive(aws: Aws, name: str, function: str, limit: int | None) -> Redriven:
    """Send dead letters again: events to the function, which has to succeed, and messages to their queue.

    A letter is deleted only after that. What is not taken becomes visible in its queue again, at the latest after
    16 minutes should this process die.

    Args:
        aws: The account.
        name: Name of the function in the project.
        function: Its physical name or ARN.
        limit: Number of letters at the most; None for all.

    Raises:
        EngineError: AWS refused or failed before any letter was sent.
    """
    found = boxes(aws, name, function)
    sent, stopped = 0, None
    failed: list[tuple[str, str]] = []
    held: list[tuple[Box, str]] = []
    try:
        for box in found:
            while (limit is None or sent + len(failed) < limit) and (message := _take(aws, name, box)):
                handle = message["ReceiptHandle"]
                held.append((box, handle))
                problem = _send(aws, name, function, box, message)
                if problem is not None:
                    failed.append((message["MessageId"], problem))
                    continue
                sent += 1
                _delete(aws, name, box, handle)
                held.pop()
    except EngineError as error:
        stopped = str(error)
    finally:
        _release(aws, name, held)
    return Redriven(sent=sent, failed=tuple(failed), left=_left(aws, name, found), stopped=stopped)


def _take(aws: Aws, name: str, box: Box) -> dict[str, Any] | None:
    with readable_errors(aws.environment, name):
        answer = aws.client("sqs").receive_message(
            QueueUrl=box.url,
            MaxNumberOfMessages=1,
            VisibilityTimeout=_HIDDEN_S,
            WaitTimeSeconds=_WAIT_S,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
    messages: list[dict[str, Any]] = answer.get("Messages") or []
    return messages[0] if messages else None


def _send(aws: Aws, name: str, function: str, box: Box, message: dict[str, Any]) -> str | None:
    """Send one letter again; returns why it was not taken, or None when it was."""
    if box.source is not None:
        _back_to_queue(aws, name, box.source, message)
        return None
    try:
        payload = event_of(message)
    except ValueError as error:
        return str(error)
    answer = invoke(aws, name, function, payload)
    return answer.error


def _back_to_queue(aws: Aws, name: str, url: str, message: dict[str, Any]) -> None:
    more: dict[str, Any] = {}
    group = message.get("Attributes", {}).get("MessageGroupId")
    if group and url.endswith(".fifo"):
        # Not the old deduplication id: within five minutes of a first redrive the queue would swallow the message.
        more = {"MessageGroupId": group, "MessageDeduplicationId": message["MessageId"]}
    with readable_errors(aws.environment, name):
        aws.client("sqs").send_message(
            QueueUrl=url, MessageBody=message["Body"], MessageAttributes=message.get("MessageAttributes") or {}, **more
        )


def event_of(message: dict[str, Any]) -> Any:
    """The event that a message of a queue of failures holds, as the function has to be called with.

    Raises:
        ValueError: It holds none; the text says why.
    """
    attributes = {
        name: str(value.get("StringValue")) for name, value in (message.get("MessageAttributes") or {}).items()
    }
    if attributes.get(_TRUNCATED, "").lower() == "true":
        raise ValueError("AWS has cut its payload off: send the event again from where it came from")
    try:
        body = json.loads(message["Body"])
    except ValueError:
        raise ValueError("it is not JSON, so no event") from None
    if isinstance(body, dict) and "requestContext" in body and "condition" in body["requestContext"]:
        if "requestPayload" not in body:
            raise ValueError("the record has no payload: it was too big for the queue")
        return body["requestPayload"]
    if attributes.keys() & {"RULE_ARN", "SCHEDULE_ARN", "ERROR_CODE"}:
        return body
    raise ValueError("it is neither a record of Lambda nor an event of EventBridge or Scheduler")


def _delete(aws: Aws, name: str, box: Box, handle: str) -> None:
    try:
        with readable_errors(aws.environment, name):
            aws.client("sqs").delete_message(QueueUrl=box.url, ReceiptHandle=handle)
    except EngineError as error:
        raise EngineError(f"a letter was sent, but could not be deleted and may be sent once more: {error}") from error


def _release(aws: Aws, name: str, held: Sequence[tuple[Box, str]]) -> None:
    """Make letters visible again; where that fails, time does it."""
    for box, handle in held:
        try:
            with readable_errors(aws.environment, name):
                aws.client("sqs").change_message_visibility(QueueUrl=box.url, ReceiptHandle=handle, VisibilityTimeout=0)
        except EngineError:
            return


def _left(aws: Aws, name: str, found: Sequence[Box]) -> int | None:
    try:
        return count(aws, name, found)
    except SlipwayError:
        return None


def _failures(client: Any, function: str) -> str | None:
    """ARN of the queue that failed events of the live alias go to; None when there is none."""
    try:
        config = client.get_function_event_invoke_config(FunctionName=function, Qualifier=LIVE)
    except botocore.exceptions.ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return None
        raise
    arn = ((config.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    return str(arn) if arn and _service(str(arn)) == "sqs" else None


def _attributes(aws: Aws, url: str, *names: str) -> dict[str, str]:
    found: dict[str, str] = (
        aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(names)).get("Attributes") or {}
    )
    return found


def _url(aws: Aws, arn: str) -> str:
    account, queue = arn.split(":")[4:6]
    return str(aws.client("sqs").get_queue_url(QueueName=queue, QueueOwnerAWSAccountId=account)["QueueUrl"])


def _service(arn: str) -> str:
    return arn.split(":")[2]
