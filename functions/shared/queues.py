"""Queues of the environment's catalogue: sends CloudEvents, which receivers get as they are, whatever the target."""

import functools
import logging
import os
import re
from urllib.parse import urlsplit

import urllib3
from cloudevents.conversion import to_structured
from cloudevents.http import CloudEvent

# It tells at every start where it found its credentials.
logging.getLogger("botocore").setLevel(logging.WARNING)

# Path of an SQS queue: account and name. A channel on Knative has an address of its own without such a path.
SQS = re.compile(r"/\d{12}/[\w-]{1,80}(?:\.fifo)?")
# A channel that is not ready yet or busy answers with these; the id makes sending again harmless.
RETRIES = urllib3.Retry(
    total=5, backoff_factor=0.2, allowed_methods=["POST"], status_forcelist=[404, 429, 500, 502, 503, 504]
)
TIMEOUT = urllib3.Timeout(connect=2, read=10)


@functools.cache
def _sqs():
    # One client for all invocations of an instance: it keeps its connection. The Lambda runtime brings boto3.
    import boto3  # noqa: PLC0415 - channels need none of it

    return boto3.client("sqs")


@functools.cache
def _http():
    return urllib3.PoolManager(retries=RETRIES, timeout=TIMEOUT)


def send(queue: str, type_: str, source: str, id_: str, data: dict) -> None:
    """Send one event to a queue that function.yaml lists under `uses`.

    Raises:
        KeyError: The queue is not listed, so its address is not in the environment.
        OSError: A channel did not take the event, also when asked again.
    """
    address = os.environ[f"QUEUE_{queue.upper().replace('-', '_')}_URL"]
    event = CloudEvent({"type": type_, "source": source, "id": id_, "datacontenttype": "application/json"}, data)
    headers, body = to_structured(event)
    if SQS.fullmatch(urlsplit(address).path):
        _sqs().send_message(QueueUrl=address, MessageBody=body.decode())
        return
    try:
        answer = _http().request("POST", address, body=body, headers=headers)
    except urllib3.exceptions.HTTPError as error:
        raise OSError(f"queue {queue}: {error}") from error
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's own numbers
        raise OSError(f"queue {queue} answered with status {answer.status}")
