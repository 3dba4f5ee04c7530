import base64
import dataclasses
import gzip
import json
import threading

import pytest

from toolchain.embedded_aws import firehose_transform
from toolchain.embedded_aws.firehose_stream import describe
from toolchain.embedded_aws.firehose_transform import Record, Transformer
from toolchain.embedded_aws.invoker import Call
from toolchain.embedded_aws.outcomes import Outcome
from toolchain.embedded_aws.pool import ThrottledError

SHIPPER = "arn:aws:lambda:eu-central-1:123456789012:function:ship:$LATEST"


class Model:
    """A stream as moto keeps it."""

    delivery_stream_name = "s"
    delivery_stream_arn = "arn:aws:firehose:eu-central-1:123456789012:deliverystream/s"
    version_id = "1"

    def __init__(self, *processors, **settings):
        processing = {"Enabled": True, "Processors": list(processors)}
        extended = {"BucketARN": "arn:aws:s3:::b", "ProcessingConfiguration": processing, **settings}
        self.destinations = [{"destination_id": "d", "ExtendedS3": extended, "S3": {}}]


def shipping(**parameters):
    given = {"LambdaArn": SHIPPER, "NumberOfRetries": "2", **parameters}
    return {"Type": "Lambda", "Parameters": [{"ParameterName": k, "ParameterValue": v} for k, v in given.items()]}


class Invoker:
    """Answers as a function would that is given as Python."""

    def __init__(self, answer):
        self.answer, self.events = answer, []

    def find(self, reference, region):
        assert (reference, region) == (SHIPPER, "eu-central-1")
        return None if self.answer is None else "function"

    def call(self, function, payload):
        event = json.loads(payload)
        self.events.append(event)
        outcome = self.answer(event)
        if not isinstance(outcome, Outcome):
            outcome = Outcome(payload=json.dumps(outcome).encode())
        return Call(request_id="r", version="1", outcome=outcome)


def transformed(answer, *data, processors=None):
    invoker = Invoker(answer)
    stream = describe(Model(*(processors or [shipping()])), "123456789012", "eu-central-1")
    good, failed = Transformer(invoker, threading.Event()).transformed(stream, [Record(item, 7) for item in data])
    return invoker, good, failed


def each(**answer):
    return lambda event: {"records": [{"recordId": r["recordId"], **answer} for r in event["records"]]}


def test_records_go_through_the_function_as_firehose_hands_them_over():
    data = base64.b64encode(b"new").decode()
    invoker, good, failed = transformed(
        each(result="Ok", data=data, metadata={"partitionKeys": {"function": "orders"}}), b"one", b"two"
    )
    (event,) = invoker.events
    assert {"invocationId", "deliveryStreamArn", "region", "records"} == set(event)
    assert [base64.b64decode(record["data"]) for record in event["records"]] == [b"one", b"two"]
    assert event["records"][0]["approximateArrivalTimestamp"] == 7
    assert good == [Record(b"new", 7, {"function": "orders"})] * 2
    assert failed == []


def test_dropped_records_are_gone_and_failed_ones_are_kept_as_they_came():
    assert transformed(each(result="Dropped"), b"one")[1:] == ([], [])
    _, good, (failure,) = transformed(each(result="ProcessingFailed", data="AAAA"), b"one")
    assert good == []
    assert (failure.record.data, failure.kind, failure.code, failure.function) == (
        b"one",
        "processing-failed",
        "Lambda.ProcessingFailedStatus",
        SHIPPER,
    )


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda event: {"records": []}, "Lambda.MissingRecordId"),
        (lambda event: ["no records"], "Lambda.JsonProcessingException"),
        (lambda event: Outcome(status="error", error_type="ValueError"), "Lambda.FunctionError"),
        (lambda event: Outcome(status="timeout", error_type="Sandbox.Timedout"), "Lambda.FunctionTimedOut"),
        (None, "Lambda.FunctionNotFound"),
    ],
)
def test_whatever_the_function_does_no_record_is_lost(answer, code):
    _, good, failed = transformed(answer, b"one", b"two")
    assert good == []
    assert [failure.record.data for failure in failed] == [b"one", b"two"]
    assert {failure.code for failure in failed} == {code}


def test_a_call_that_was_throttled_is_tried_as_often_as_the_stream_says(monkeypatch):
    monkeypatch.setattr(firehose_transform, "_RETRY_S", 0)
    asked = []

    def throttled(event):
        asked.append(event)
        raise ThrottledError("too many")

    _, _, (failure,) = transformed(throttled, b"one")
    assert (len(asked), failure.code, failure.attempts) == (3, "Lambda.InvokeLimitExceeded", 3)


def test_the_function_gets_no_more_at_once_than_the_stream_says():
    invoker, *_ = transformed(
        each(result="Dropped"), *[b"x" * 300_000] * 4, processors=[shipping(BufferSizeInMBs="0.6")]
    )
    assert [len(event["records"]) for event in invoker.events] == [2, 2]


def test_a_request_that_lambda_would_not_take_is_not_made():
    invoker, _, (failure,) = transformed(each(result="Dropped"), b"x" * 5 * 1024 * 1024)
    assert (invoker.events, failure.code) == ([], "Lambda.PayloadTooLarge")


def test_records_are_unpacked_first_where_the_stream_says_so():
    unpack = {"Type": "Decompression", "Parameters": []}
    stream = describe(Model(unpack), "123456789012", "eu-central-1")
    made = Transformer(Invoker(None), threading.Event())
    good, (failure,) = made.transformed(stream, [Record(gzip.compress(b"one"), 1), Record(b"plain", 2)])
    assert good == [Record(b"one", 1)]
    assert (failure.kind, failure.record.data) == ("decompression-failed", b"plain")


def test_a_stream_as_it_is_described():
    model = Model(
        shipping(),
        Prefix="p/",
        ErrorOutputPrefix="e/",
        BufferingHints={"SizeInMBs": 64, "IntervalInSeconds": 60},
        CompressionFormat="GZIP",
        FileExtension=".gz",
        EncryptionConfiguration={"KMSEncryptionConfig": {"AWSKMSKeyARN": "key"}},
        DynamicPartitioningConfiguration={"Enabled": True},
        CloudWatchLoggingOptions={"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"},
    )
    stream = describe(model, "123456789012", "eu-central-1")
    assert dataclasses.astuple(stream.bucket) == ("b", "p/", "e/", "GZIP", ".gz", "key")
    assert (stream.kind, stream.interval_s, stream.size, stream.log) == ("ExtendedS3", 60.0, 64 * 2**20, ("g", "s"))
    assert (stream.partitioned, stream.decompress) == (True, False)
