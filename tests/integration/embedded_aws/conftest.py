"""An embedded AWS of the tests' own, on free ports, and what tests deploy to it."""

import dataclasses
import io
import json
import os
import socket
import textwrap
import time
import uuid
import zipfile
from pathlib import Path

import boto3
import platformdirs
import pytest
from botocore.config import Config as BotoConfig

from toolchain.embedded_aws import lifecycle
from toolchain.embedded_aws.config import Config

ACCOUNT, REGION = "123456789012", "eu-central-1"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def runner_cache():
    """The user's own cache: the interpreter that functions run in is the same for all, by its digest."""
    return Path(os.environ.get("SLIPWAY_CACHE_DIR") or platformdirs.user_cache_dir("slipway"))


def make_config(state, **changes):
    defaults = {"state": state, "cache": runner_cache(), "api_port": free_port(), "entry_port": free_port()}
    return Config(**{**defaults, "retry_delay_s": 0.05, "poll_s": 0.05, "schedules": False, **changes})


def package(**files):
    """A zip with the given modules, by name without `.py`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, source in files.items():
            archive.writestr(f"{name}.py", textwrap.dedent(source))
    return stream.getvalue()


@dataclasses.dataclass
class Aws:
    """A running embedded AWS, seen through boto3."""

    config: Config
    clients: dict = dataclasses.field(default_factory=dict)

    package = staticmethod(package)

    def client(self, service, **extra):
        if extra or service not in self.clients:
            made = boto3.client(
                service,
                endpoint_url=self.config.api_url,
                region_name=extra.get("region", REGION),
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=BotoConfig(retries={"max_attempts": extra.get("retries", 0)}, read_timeout=60),
            )
            if extra:
                return made
            self.clients[service] = made
        return self.clients[service]

    @property
    def role(self):
        iam = self.client("iam")
        try:
            return iam.create_role(RoleName="functions", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        except iam.exceptions.EntityAlreadyExistsException:
            return iam.get_role(RoleName="functions")["Role"]["Arn"]

    def deploy(self, source, *, alias=None, name=None, **properties):
        """Create a function from the source of its module `main`, whose handler is `handle`; returns its name."""
        name = name or f"f-{uuid.uuid4().hex[:8]}"
        client = self.client("lambda")
        values = {
            "Runtime": "python3.11",
            "Handler": "main.handle",
            "Code": {"ZipFile": package(main=source)},
            "Timeout": 10,
            "MemorySize": 256,
        }
        client.create_function(FunctionName=name, Role=self.role, **{**values, **properties})
        if alias:
            version = client.publish_version(FunctionName=name)["Version"]
            client.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
        return name

    def invoke(self, name, event=None, **options):
        """The response of Invoke with its payload decoded."""
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}), **options)
        text = answer["Payload"].read()
        answer["Body"] = json.loads(text) if text else None
        return answer

    def arn(self, name):
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"

    def queue(self, name=None, **attributes):
        """(URL, ARN) of a new queue."""
        name = name or f"q-{uuid.uuid4().hex[:8]}"
        url = self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def receive(self, url, count=1, timeout_s=30):
        """Messages of a queue, taken off it, as many as expected; fewer when they do not come in time."""
        sqs, found, deadline = self.client("sqs"), [], time.monotonic() + timeout_s
        while len(found) < count and time.monotonic() < deadline:
            answer = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"]
            )
            for message in answer.get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message)
        return found

    def log(self, group):
        """Messages of a log group, in the order of their streams."""
        logs = self.client("logs")
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        return [
            event["message"]
            for stream in streams
            for event in logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]


@pytest.fixture(scope="session")
def aws(tmp_path_factory):
    config = make_config(tmp_path_factory.mktemp("aws") / "state")
    lifecycle.start(config)
    yield Aws(config)
    lifecycle.stop(config)


@pytest.fixture(name="free_port")
def _free_port():
    return free_port


@pytest.fixture
def connect():
    """Makes a view through boto3 on the embedded AWS of given settings."""
    return Aws


@pytest.fixture
def own(tmp_path):
    """Settings of an embedded AWS that one test starts, kills and stops as it likes."""
    config = make_config(tmp_path / "state")
    yield config
    lifecycle.stop(config)
