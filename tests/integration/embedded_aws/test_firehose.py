"""Firehose streams of the embedded AWS, whatever they are for."""

import base64
import gzip
import http.server
import json
import threading
import time
import uuid
from typing import ClassVar

import pytest

KEEP = """
    def handle(event, context):
        records = [{**r, "result": "Ok", "metadata": {"partitionKeys": {"kind": "a"}}} for r in event["records"]]
        return {"records": records}
"""


def wait_for(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)
    return found


@pytest.fixture
def bucket(aws):
    name = f"b-{uuid.uuid4().hex[:8]}"
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return name


@pytest.fixture
def stream(aws, bucket):
    """Makes a stream to the bucket, with changes to its destination; its name."""

    def make(kind="ExtendedS3DestinationConfiguration", **changes):
        name = f"s-{uuid.uuid4().hex[:8]}"
        settings = {"RoleARN": aws.role, "BucketARN": f"arn:aws:s3:::{bucket}", **changes}
        if kind != "ExtendedS3DestinationConfiguration":
            settings = {"S3Configuration": {"RoleARN": aws.role, "BucketARN": f"arn:aws:s3:::{bucket}"}, **changes}
        aws.client("firehose").create_delivery_stream(DeliveryStreamName=name, **{kind: settings})
        return name

    return make


def objects(aws, bucket, prefix=""):
    s3 = aws.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())
    return {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in listed}


def put(aws, stream, *data):
    answer = aws.client("firehose").put_record_batch(
        DeliveryStreamName=stream, Records=[{"Data": item} for item in data]
    )
    assert answer["FailedPutCount"] == 0
    return {item["RecordId"] for item in answer["RequestResponses"]}


def processing(arn):
    parameters = [{"ParameterName": "LambdaArn", "ParameterValue": arn}]
    return {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]}


def test_records_are_gathered_into_one_packed_object(aws, bucket, stream):
    name = stream(Prefix="in/!{timestamp:yyyy}/", ErrorOutputPrefix="e/", CompressionFormat="GZIP")
    assert len(put(aws, name, b"one\n", b"two\n")) == 2
    aws.client("firehose").put_record(DeliveryStreamName=name, Record={"Data": b"three\n"})
    found = wait_for(lambda: objects(aws, bucket), "an object is there")
    ((key, content),) = found.items()
    assert key.startswith(f"in/{time.gmtime().tm_year}/{name}-1-")
    assert key.endswith(".gz")
    assert gzip.decompress(content) == b"one\ntwo\nthree\n"


def test_a_record_without_the_key_that_a_prefix_asks_for_goes_below_the_error_prefix(aws, bucket, stream):
    function = aws.arn(aws.deploy(KEEP))
    settings = {
        "ErrorOutputPrefix": "e/!{firehose:error-output-type}/",
        "ProcessingConfiguration": processing(function),
    }
    settings["DynamicPartitioningConfiguration"] = {"Enabled": True}
    good = stream(Prefix="kind=!{partitionKeyFromLambda:kind}/", **settings)
    bad = stream(Prefix="other=!{partitionKeyFromLambda:other}/", **settings)
    put(aws, good, b"one")
    put(aws, bad, b"two")
    assert list(wait_for(lambda: objects(aws, bucket, "kind=a/"), "the good one").values()) == [b"one"]
    (content,) = wait_for(lambda: objects(aws, bucket, "e/"), "the bad one").values()
    failure = json.loads(content)
    assert base64.b64decode(failure["rawData"]) == b"two"
    assert failure["errorCode"] == "DynamicPartitioning.MetadataNotFound"


def test_a_bucket_that_is_not_there_yet_gets_everything_later(aws, stream):
    late = f"late-{uuid.uuid4().hex[:8]}"
    name = stream(BucketARN=f"arn:aws:s3:::{late}")
    put(aws, name, b"one")
    time.sleep(1.5)
    aws.client("s3").create_bucket(Bucket=late, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert list(wait_for(lambda: objects(aws, late), "it arrives").values()) == [b"one"]


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes what Firehose posts, after it was asked as often as it refuses."""

    refusals = 0
    taken: ClassVar[list] = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refused = type(self).refusals > 0
        type(self).refusals -= 1
        if not refused:
            self.taken.append((dict(self.headers), body))
        self.send_response(503 if refused else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"requestId": body["requestId"], "timestamp": 1}).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    kind = type("Own", (Receiver,), {"taken": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kind.url = f"http://127.0.0.1:{server.server_port}/in"
    yield kind
    server.shutdown()


def to(receiver, **changes):
    return {
        "kind": "HttpEndpointDestinationConfiguration",
        "EndpointConfiguration": {"Url": receiver.url, "AccessKey": "key"},
        "RetryOptions": {"DurationInSeconds": 10},
        **changes,
    }


def test_a_receiver_gets_records_as_firehose_posts_them_and_again_until_it_takes_them(aws, stream, receiver):
    receiver.refusals = 1
    put(aws, stream(**to(receiver)), b"one", b"two")
    ((headers, body),) = wait_for(lambda: receiver.taken, "it was posted")
    assert [base64.b64decode(record["data"]) for record in body["records"]] == [b"one", b"two"]
    assert headers["X-Amz-Firehose-Access-Key"] == "key"
    assert headers["X-Amz-Firehose-Request-Id"] == body["requestId"]


def test_what_a_receiver_refuses_for_too_long_lies_in_the_bucket(aws, bucket, stream, receiver):
    receiver.refusals = 1000
    put(aws, stream(**to(receiver, RetryOptions={"DurationInSeconds": 1})), b"one")
    (content,) = wait_for(lambda: objects(aws, bucket, "http-endpoint-failed/"), "the dead letter").values()
    assert base64.b64decode(json.loads(content)["rawData"]) == b"one"


def test_two_filters_of_a_group_forward_the_same_events_and_one_can_be_changed(aws, bucket, stream):
    logs, group = aws.client("logs"), f"/slipway/local/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    names = [stream(Prefix=f"{n}/", ErrorOutputPrefix="e/") for n in "ab"]
    for name in [*names, names[0]]:
        arn = f"arn:aws:firehose:eu-central-1:123456789012:deliverystream/{name}"
        logs.put_subscription_filter(
            logGroupName=group, filterName=name, filterPattern="", destinationArn=arn, roleArn=aws.role
        )
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now, "message": "hello"}])

    def events(prefix):
        batches = [json.loads(line) for c in objects(aws, bucket, prefix).values() for line in members(c)]
        return [(e["id"], e["message"]) for b in batches if b["messageType"] == "DATA_MESSAGE" for e in b["logEvents"]]

    both = [wait_for(lambda p=prefix: events(p), "the event") for prefix in ("a/", "b/")]
    assert both[0] == both[1]
    assert [message for _, message in both[0]] == ["hello"]
    assert both[0][0][0] == logs.filter_log_events(logGroupName=group)["events"][0]["eventId"]


def members(content):
    """Texts of the members of a gzip file, each a JSON object."""
    decoder, text = json.JSONDecoder(), gzip.decompress(content).decode()
    while text:
        value, end = decoder.raw_decode(text)
        yield json.dumps(value)
        text = text[end:]


def test_a_stream_that_does_not_exist_takes_nothing(aws):
    client = aws.client("firehose")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.put_record(DeliveryStreamName="nothing", Record={"Data": b"x"})
