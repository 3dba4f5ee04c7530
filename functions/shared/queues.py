"""Queues of the environment's catalogue: sends CloudEvents, which the receiver gets as they are; counts messages."""

import functools
import logging
import os

import boto3
from cloudevents.conversion import to_structured
from cloudevents.http import CloudEvent

# It tells at every start where it found its credentials.
logging.getLogger("botocore").setLevel(logging.WARNING)


@functools.cache
def _client():
    # One client for all invocations of an instance: it keeps its connection.
    return boto3.client("sqs")


def _address(queue: str) -> str:
    return os.environ[f"QUEUE_{queue.upper().replace('-', '_')}_URL"]


def send(queue: str, type_: str, source: str, id_: str, data: dict) -> None:
    """Send one event to a queue that function.yaml lists under `uses`.

    Raises:
        KeyError: The queue is not listed, so its address is not in the environment.
    """
    address = _address(queue)
    event = CloudEvent({"type": type_, "source": source, "id": id_, "datacontenttype": "application/json"}, data)
    _, body = to_structured(event)
    _client().send_message(QueueUrl=address, MessageBody=body.decode())


def waiting(queue: str) -> int:
    """About how many messages wait in a queue that function.yaml lists under `uses`.

    Raises:
        KeyError: The queue is not listed, so its address is not in the environment.
    """
    name = "ApproximateNumberOfMessages"
    answer = _client().get_queue_attributes(QueueUrl=_address(queue), AttributeNames=[name])
    return int(answer["Attributes"][name])
