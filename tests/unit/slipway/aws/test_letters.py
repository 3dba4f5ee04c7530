"""Dead letters in queues: what they hold, where they go, and that none is lost."""

import json

import boto3
import moto
import pytest

from slipway.aws import letters
from slipway.aws.clients import Aws
from slipway.core.errors import EngineError
from slipway.running.calls import Answer

REGION = "eu-central-1"
NAME = "slipway-prod-orders"


@pytest.fixture
def sqs(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setattr(letters, "_WAIT_S", 0)
    with moto.mock_aws():
        yield boto3.client("sqs", region_name=REGION)


@pytest.fixture
def aws(sqs):
    return Aws(environment="prod", account="123456789012", region=REGION)


@pytest.fixture
def failures(sqs, monkeypatch):
    """Address of the queue of failures of a function."""
    url = sqs.create_queue(QueueName=f"{NAME}-failures")["QueueUrl"]
    monkeypatch.setattr(letters, "boxes", lambda *_: [letters.Box(url=url)])
    return url


@pytest.fixture
def function(monkeypatch):
    """Events that the function was called with; `.answers` says what it does with each."""

    class Calls(list):
        def __init__(self):
            super().__init__()
            self.answers = {}

    called = Calls()

    def invoke(aws, name, arn, payload):
        called.append(payload)
        outcome = called.answers.get(payload.get("n"))
        if isinstance(outcome, Exception):
            raise outcome
        return Answer(status=200, body=None, headers={}, error=outcome, log="", duration_ms=1, version="1")

    monkeypatch.setattr(letters, "invoke", invoke)
    return called


def record(n):
    context = {"requestId": str(n), "functionArn": f"arn:{NAME}:live", "condition": "RetriesExhausted"}
    return json.dumps({"version": "1.0", "requestContext": context, "requestPayload": {"n": n}})


def text(value):
    return {"DataType": "String", "StringValue": value}


def test_events_go_to_the_function_and_are_deleted_after_that(aws, sqs, failures, function):
    for n in range(3):
        sqs.send_message(QueueUrl=failures, MessageBody=record(n))
    sqs.send_message(QueueUrl=failures, MessageBody='{"n": 7}', MessageAttributes={"RULE_ARN": text("arn:rule")})
    sqs.send_message(QueueUrl=failures, MessageBody='{"n": 8}', MessageAttributes={"SCHEDULE_ARN": text("arn:s")})
    assert letters.count(aws, "orders", letters.boxes()) == 5
    redriven = letters.redrive(aws, "orders", NAME, None)
    assert (redriven.sent, redriven.failed, redriven.left, redriven.stopped) == (5, (), 0, None)
    assert sorted(event["n"] for event in function) == [0, 1, 2, 7, 8]


def test_no_more_than_the_limit_are_sent(aws, sqs, failures, function):
    for n in range(3):
        sqs.send_message(QueueUrl=failures, MessageBody=record(n))
    redriven = letters.redrive(aws, "orders", NAME, 2)
    assert (redriven.sent, redriven.left, len(function)) == (2, 1, 2)


def test_what_fails_stays_and_is_tried_once(aws, sqs, failures, function):
    function.answers[1] = "KeyError: 'x'"
    for n in range(3):
        sqs.send_message(QueueUrl=failures, MessageBody=record(n))
    redriven = letters.redrive(aws, "orders", NAME, None)
    assert (redriven.sent, [reason for _, reason in redriven.failed], redriven.left) == (2, ["KeyError: 'x'"], 1)
    assert sorted(event["n"] for event in function) == [0, 1, 2]
    # It is visible again at once.
    (message,) = sqs.receive_message(QueueUrl=failures)["Messages"]
    assert message["Body"] == record(1)


def test_a_failure_of_aws_in_the_middle_loses_nothing(aws, sqs, failures, function):
    function.answers[1] = EngineError("orders: throttled")
    for n in range(4):
        sqs.send_message(QueueUrl=failures, MessageBody=record(n))
    redriven = letters.redrive(aws, "orders", NAME, None)
    assert redriven.stopped == "orders: throttled"
    assert redriven.sent + redriven.left == 4
    assert redriven.sent == len(function) - 1


def test_a_letter_that_was_sent_but_not_deleted_is_told(aws, sqs, failures, function, monkeypatch):
    sqs.send_message(QueueUrl=failures, MessageBody=record(1))

    def refuse(*_):
        raise EngineError("a letter was sent, but could not be deleted")

    monkeypatch.setattr(letters, "_delete", refuse)
    redriven = letters.redrive(aws, "orders", NAME, None)
    assert (redriven.sent, redriven.left) == (1, 1)
    assert "could not be deleted" in redriven.stopped


@pytest.mark.parametrize(
    ("body", "attributes", "reason"),
    [
        ("not json", {}, "it is not JSON"),
        ('{"a": 1}', {}, "neither a record of Lambda nor an event"),
        ('{"a": 1}', {"RULE_ARN": text("x"), "IS_PAYLOAD_TRUNCATED": text("true")}, "cut its payload off"),
        ('{"requestContext": {"condition": "RetriesExhausted"}}', {}, "the record has no payload"),
    ],
)
def test_what_holds_no_event_stays_with_its_reason(aws, failures, function, body, attributes, reason):  # noqa: PLR0917
    aws.client("sqs").send_message(QueueUrl=failures, MessageBody=body, MessageAttributes=attributes)
    redriven = letters.redrive(aws, "orders", NAME, None)
    assert (redriven.sent, redriven.left, list(function)) == (0, 1, [])
    assert reason in redriven.failed[0][1]


def test_messages_go_back_to_their_queue_as_they_were(aws, sqs, monkeypatch, function):
    source = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    dead = sqs.create_queue(QueueName="q-dlq.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    monkeypatch.setattr(letters, "boxes", lambda *_: [letters.Box(url=dead, source=source)])
    attributes = {"ce-type": text("order.paid")}
    for n in range(2):
        sqs.send_message(
            QueueUrl=dead,
            MessageBody=f"text {n}",
            MessageAttributes=attributes,
            MessageGroupId="g",
            MessageDeduplicationId=f"d{n}",
        )
    redriven = letters.redrive(aws, "orders", NAME, None)
    assert (redriven.sent, redriven.left, list(function)) == (2, 0, [])
    found = sqs.receive_message(
        QueueUrl=source, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
    )["Messages"]
    assert [message["Body"] for message in found] == ["text 0", "text 1"]
    assert found[0]["Attributes"]["MessageGroupId"] == "g"
    assert found[0]["MessageAttributes"]["ce-type"]["StringValue"] == "order.paid"
