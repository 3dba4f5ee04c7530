"""Queues of the environment's catalogue: sends CloudEvents, which the receiving function gets as they are."""

import functools
import os

import boto3
from cloudevents.conversion import to_structured
from cloudevents.http import CloudEvent


@functools.cache
def _client():
    # One client for all invocations of an instance: it keeps its connection.
    return boto3.client("sqs")


def _variable(queue: str) -> str:
    return f"QUEUE_{queue.upper().replace('-', '_')}_URL"


def send(queue: str, type_: str, source: str, id_: str, data: dict) -> None:
    """Send one event to a queue that function.yaml lists under `uses`.

    Raises:
        KeyError: The queue is not listed, so its address is not in the environment.
    """
    address = os.environ[_variable(queue)]
    event = CloudEvent({"type": type_, "source": source, "id": id_, "datacontenttype": "application/json"}, data)
    _, body = to_structured(event)
    _client().send_message(QueueUrl=address, MessageBody=body.decode())
