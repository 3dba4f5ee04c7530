"""The real agent writes to a bucket of moto: which objects there are, and what is in them."""

import datetime as dt
import gzip
import json
import re
import time

import boto3
import pytest
from moto.server import ThreadedMotoServer

from components.knative.agent.collector import Routed
from components.log_sink.args import LogSinkArgs
from tests.log_agent import ENVIRONMENT, Agent, collector, free_ports

_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_WAIT_S = 60.0


@pytest.fixture
def port():
    return free_ports(1)[0]


@pytest.fixture
def agent(tmp_path, port):
    archive = LogSinkArgs(
        name="archive",
        kind="s3",
        bucket=f"logs-{port}",  # moto keeps buckets for as long as the process lives
        address=f"http://127.0.0.1:{port}",
        region="eu-central-1",
        prefix="team/",
        buffer_age_s=1,
    )
    made = Agent(collector(), tmp_path, [Routed(args=archive)], env=_KEYS).start()
    yield made
    made.kill()


@pytest.fixture
def bucket(port):
    """Starts the store, and returns a function that reads all objects when there are so many records."""
    servers = []

    def start():
        server = ThreadedMotoServer("127.0.0.1", port)
        server.start()
        servers.append(server)
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_bucket(Bucket=f"logs-{port}", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

        def read(count):
            end = time.monotonic() + _WAIT_S
            while True:
                keys = [item["Key"] for item in client.list_objects_v2(Bucket=f"logs-{port}").get("Contents", ())]
                found = {
                    key: _records(client.get_object(Bucket=f"logs-{port}", Key=key)["Body"].read()) for key in keys
                }
                if sum(map(len, found.values())) >= count:
                    return found
                assert time.monotonic() < end, {key: len(records) for key, records in found.items()}
                time.sleep(0.2)

        return read

    yield start
    for server in servers:
        server.stop()


def _records(content):
    return [json.loads(line) for line in gzip.decompress(content).decode().splitlines()]


def test_objects_hold_lines_of_one_function_each(agent, bucket):
    read = bucket()
    for function in ("orders", "hello"):
        agent.pod(function).write_many([f"{function} {number}" for number in range(1000)])
    found = read(2000)
    today = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    for key, records in found.items():
        folder = rf"team/environment={ENVIRONMENT}/function=(orders|hello)/date={today}/logs_[0-9a-f-]+\.txt\.gz"
        function = re.fullmatch(folder, key)[1]
        assert {record["function"] for record in records} == {function}
    assert len(found) < 20, "objects are as small as what is read at once"


def test_a_store_that_is_not_there_loses_nothing(agent, bucket):
    agent.pod().write_many([f"line {number}" for number in range(1000)])
    while not agent.metric("otelcol_exporter_queue_size", exporter="patient/archive"):
        pass
    agent.kill()
    agent.start()
    found = bucket()(1000)
    assert {record["message"] for records in found.values() for record in records} == {
        f"line {number}" for number in range(1000)
    }
