"""Records as Firehose hands them to the shipper, with the shapes that AWS documents."""

import base64
import gzip
import json

import pytest
from slipway_shipper.settings import Settings
from slipway_shipper.shipper import Shipper

GROUP = "/slipway/dev/orders"
STREAM = "2026/11/26/slipway-dev-orders[7]0f3c1b2a9d8e4f5061728394a5b6c7d8"
TIME = 1795690323123  # 2026-11-26T10:52:03.123Z


def batch(*messages, group=GROUP, stream=STREAM, kind="DATA_MESSAGE", start=TIME):
    """A batch of CloudWatch Logs, as JSON."""
    events = [
        {
            "id": f"{38000000000000000000000000000000000000000000000000000000 + n}",
            "timestamp": start + n,
            "message": text,
        }
        for n, text in enumerate(messages)
    ]
    return json.dumps(
        {
            "messageType": kind,
            "owner": "123456789012",
            "logGroup": group,
            "logStream": stream,
            "subscriptionFilters": ["slipway-dev-central"],
            "logEvents": events,
        }
    ).encode()


def record(content, *, packed=True, identity="49546986683135544286507457936321625675700192471156785154"):
    data = gzip.compress(content) if packed else content
    return {
        "recordId": identity,
        "approximateArrivalTimestamp": TIME + 500,
        "data": base64.b64encode(data).decode(),
    }


@pytest.fixture
def a_batch():
    return batch


@pytest.fixture
def a_record():
    return record


@pytest.fixture
def shipper():
    """Makes a shipper from what the component writes into its variable, with changes."""

    def make(**values):
        told = {"environment": "dev", "partition": ["function", "date"], **values}
        return Shipper(Settings.of({"SLIPWAY_SINK": json.dumps(told)}))

    return make


@pytest.fixture
def shipped(shipper):
    """Envelopes that become of messages, through the whole of the shipper."""

    def ship(*messages, group=GROUP, stream=STREAM, **values):
        answer = shipper(**values).transform(record(batch(*messages, group=group, stream=stream)))
        if answer["result"] == "Dropped":
            return []
        assert answer["result"] == "Ok"
        return [json.loads(line) for line in gzip.decompress(base64.b64decode(answer["data"])).splitlines()]

    return ship
