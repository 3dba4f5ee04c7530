"""Logs of functions on Lambda on their deployed way: log group, filter, stream, shipper, bucket. Every line is counted."""

import base64
import collections
import gzip
import json
import os
import signal
import time

import jsonschema
import pytest
import yaml

from toolchain.embedded_aws import record

pytestmark = pytest.mark.timeout(900)

BUCKET = "slipway-local-sink-central-123456789012-eu-central-1"
GROUP = "/slipway/local/hello"
ERRORS = "errors/processing-failed/"
LINES = 10_000
SECRET = 'c4n4ry-of-a-secret"/+'
CANARIES = ("Bearer c4n4ry.T0ken-abcdefghijklmnop", "4111 1111 1111 1111")


@pytest.fixture(scope="module")
def deployed(checkout):
    secret = checkout.client("secretsmanager").create_secret(Name="canary", SecretString=json.dumps({"token": SECRET}))
    stack = checkout.root / "stacks/Pulumi.local.yaml"
    content = yaml.safe_load(stack.read_text())
    content["config"]["slipway:resources"]["secret"] = {"canary": {"arn": secret["ARN"]}}
    stack.write_text(yaml.safe_dump(content))
    hello = checkout.root / "functions/hello"
    with (hello / "function.yaml").open("a") as manifest:
        manifest.write("secrets: {TOKEN: canary/token}\n")
    main = hello / "main.py"
    main.write_text(main.read_text().replace("    name = ", "    print('token', os.environ['TOKEN'])\n    name = ", 1))
    checkout.run("up")
    return checkout


@pytest.fixture
def stream(deployed):
    """Name of a new stream of a function's log group, as a function's sandbox names it; saved, so that a kill keeps it."""
    name = f"2026/11/26/slipway-local-hello[7]{os.urandom(16).hex()}"
    deployed.client("logs").create_log_stream(logGroupName=GROUP, logStreamName=name)
    saved(deployed)
    return name


def saved(deployed):
    mark = deployed.root / ".slipway/local/aws.changed"
    wait_for(lambda: not mark.exists(), "the state is saved")


def wait_for(condition, what, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.3)
    return found


def put(deployed, stream, messages):
    """Put messages as events, as many at once as CloudWatch Logs takes."""
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    logs = deployed.client("logs")
    for start in range(0, len(events), 1000):
        logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events[start : start + 1000])


def objects(deployed, prefix=""):
    """Contents of the bucket, by key."""
    s3 = deployed.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return {
        item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        for page in pages
        for item in page.get("Contents", ())
    }


def envelopes(deployed, containing):
    """Envelopes of a function in the bucket whose message contains a text, with their keys."""
    found = []
    for key, content in objects(deployed, "environment=local/").items():
        for line in gzip.decompress(content).splitlines():
            envelope = json.loads(line)
            if containing in envelope["message"]:
                found.append((key, envelope))
    return found


def decoded(line):
    """What the record of a failure held."""
    failure = json.loads(line)
    assert failure["errorCode"] == "Lambda.FunctionError"
    return gzip.decompress(base64.b64decode(failure["rawData"])).decode()


def arrived(deployed, run, count):
    """The envelopes of a run, once as many lines have arrived; a line may have arrived more often."""

    def look():
        found = envelopes(deployed, run)
        return found if len({envelope["message"] for _, envelope in found}) >= count else None

    return wait_for(look, f"{count} lines arrive")


def test_ten_thousand_lines_arrive_each_as_one_envelope(deployed, stream, pytestconfig):
    run = f"run-{os.urandom(4).hex()}"
    put(deployed, stream, [f"{run} line {number:06d} {CANARIES[number % 2]}" for number in range(LINES)])
    found = arrived(deployed, run, LINES)
    schema = json.loads((pytestconfig.rootpath / "docs/schema/log.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    for key, envelope in found:
        validator.validate(envelope)
        assert key.startswith(f"environment=local/function=hello/date={envelope['timestamp'][:10]}/")
        assert key.endswith(".jsonl.gz")
        assert (envelope["function"], envelope["revision"], envelope["owner"]) == ("hello", "7", "team-platform")
    numbers = collections.Counter(envelope["message"].split()[2] for _, envelope in found)
    assert numbers == {f"{number:06d}": 1 for number in range(LINES)}
    assert len({envelope["id"] for _, envelope in found}) == LINES
    everything = b"".join(objects(deployed).values())
    everything += b"".join(gzip.decompress(c) for k, c in objects(deployed).items() if not k.startswith("errors/"))
    for secret in (b"c4n4ry", b"4111 1111"):
        assert secret not in everything


def test_what_a_function_logs_arrives_with_lambdas_own_records(deployed):
    deployed.run("invoke", "nightly-report")

    def look():
        found = [envelope for _, envelope in envelopes(deployed, "") if envelope["function"] == "nightly-report"]
        return found if {"function", "platform"} <= {envelope["source"] for envelope in found} else None

    found = wait_for(look, "its records arrive")
    (mine,) = [envelope for envelope in found if envelope["source"] == "function"]
    assert (mine["message"], mine["severity"]) == ("nightly report", "INFO")
    assert mine["request_id"] in {envelope.get("request_id") for envelope in found if envelope["source"] == "platform"}


def test_the_value_of_a_secret_is_in_no_log_and_no_state(deployed):
    deployed.run("invoke", "hello")
    wait_for(lambda: envelopes(deployed, "token [redacted]"), "what the function printed arrives")
    logs = deployed.client("logs")
    streams = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    events = [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"])["events"]
    ]
    assert any("token [redacted]" in message for message in events)
    kept = [gzip.decompress(content) for content in objects(deployed, "environment=local/").values()]
    state = [gzip.decompress(path.read_bytes()) for path in (deployed.root / ".slipway/state").rglob("*.json.gz")]
    assert state
    kept += state
    kept.append(deployed.run("preview", "--json").stdout.encode())
    assert "c4n4ry-of-a-secret" not in "".join(events)
    assert not [content for content in kept if b"c4n4ry-of-a-secret" in content]


def test_a_preview_afterwards_is_empty(deployed):
    done = deployed.run("preview", "--expect-no-changes")
    assert done.stdout.startswith("nothing to change")


def test_a_shipper_that_fails_loses_nothing(deployed, stream):
    function = "slipway-local-sink-central"
    client = deployed.client("lambda")
    settings = client.get_function_configuration(FunctionName=function)["Environment"]
    run = f"run-{os.urandom(4).hex()}"
    client.update_function_configuration(FunctionName=function, Environment={"Variables": {"SLIPWAY_SINK": "broken"}})
    try:
        put(deployed, stream, [f"{run} line {number:03d}" for number in range(500)])

        def refused():
            lines = [line for found in objects(deployed, ERRORS).values() for line in found.splitlines()]
            batches = {base64.b64decode(json.loads(line)["rawData"]) for line in lines if run in decoded(line)}
            events = [event for batch in batches for event in json.loads(gzip.decompress(batch))["logEvents"]]
            return (batches, [event["message"] for event in events]) if len(events) >= 500 else None

        batches, messages = wait_for(refused, "the lines lie below errors/")
        assert sorted(messages) == [f"{run} line {n:03d}" for n in range(500)]
        told = deployed.client("logs").get_log_events(
            logGroupName="/slipway/local/sinks/central/stream", logStreamName="delivery"
        )["events"]
        assert any("Lambda.FunctionError" in event["message"] for event in told)
    finally:
        client.update_function_configuration(FunctionName=function, Environment=settings)
    for batch in batches:  # as docs/sinks.md says
        deployed.client("firehose").put_record(DeliveryStreamName=function, Record={"Data": batch})
    assert len(arrived(deployed, run, 500)) == 500


def test_a_kill_in_the_middle_loses_no_line_and_no_identity(deployed, stream):
    run = f"run-{os.urandom(4).hex()}"
    state = deployed.root / ".slipway/local"
    before = record.read(state)
    for part in range(10):
        put(deployed, stream, [f"{run} line {part * 200 + number:04d}" for number in range(200)])
        if part == 5:
            os.kill(before.pid, signal.SIGKILL)
            wait_for(lambda: before.process() is None, "the embedded AWS is gone")
            deployed.run("local", "start")
    assert record.read(state).instance == before.instance, "what is deployed is still there"
    found = arrived(deployed, run, 2000)
    numbers = collections.Counter(envelope["message"].split()[2] for _, envelope in found)
    assert numbers == {f"{number:04d}": 1 for number in range(2000)}
    assert len({envelope["id"] for _, envelope in found}) == 2000


def test_what_waits_when_it_is_stopped_is_delivered_after_the_next_start(deployed, stream):
    run = f"run-{os.urandom(4).hex()}"
    put(deployed, stream, [f"{run} line {number:03d}" for number in range(100)])
    deployed.run("local", "stop")
    deployed.run("local", "start")
    assert len(arrived(deployed, run, 100)) == 100


def test_an_update_says_what_it_takes_from_logs_before_it_does_it(deployed):
    stack = deployed.root / "stacks/Pulumi.local.yaml"
    content = yaml.safe_load(stack.read_text())
    content["config"]["slipway:logs"] = {"retention": 7}
    stack.write_text(yaml.safe_dump(content))
    said = deployed.run("up", SLIPWAY_SKIP_PREVIEW="false").stderr
    warning = "warning: hello-logs: keeps records for 7 days and no longer for 30 days"
    assert said.index(warning) < said.index("update   hello-logs ")
