"""Stores of logs at HTTP level: a server of the test's own that answers as they do, and a bucket in moto."""

import datetime as dt
import gzip
import json
import re
import threading

import boto3
import moto
import pytest

from slipway.running.records import nanos_of, stamp_of
from slipway.sinks.s3 import S3Store
from slipway.sinks.store import Query
from tests.unit.slipway.kube.api_server import Server

START = dt.datetime(2025, 11, 26, 10, 0, tzinfo=dt.UTC)
BUCKET = "archive"
PARTITION = ("environment", "function", "date")


def envelope(number, *, at=0, key=None, function="orders", environment="prod", **more):
    """A record that was logged `at` nanoseconds after the start."""
    return {
        "timestamp": stamp_of(nanos_of(START) + at),
        "severity": "INFO",
        "message": f"line {number}",
        "function": function,
        "environment": environment,
        "target": "knative",
        "source": "function",
        "id": key or f"id-{number}",
        **more,
    }


def nanos(one):
    return nanos_of(dt.datetime.fromisoformat(one["timestamp"][:19] + "+00:00")) + int(
        one["timestamp"][20:-1].ljust(9, "0")
    )


def make_query(**changes):
    """The records of `orders` in one week."""
    since = nanos_of(START) - 10
    return Query(
        **{
            "environment": "prod",
            "function": "orders",
            "since": since,
            "until": since + 7 * 86_400_000_000_000,
            **changes,
        }
    )


def ids(records):
    return [record.id for record in records]


@pytest.fixture(scope="session")
def server():
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def clean(server):
    server.seen.clear()
    server.answers.clear()
    return server


class Loki:
    """Answers `query_range` as Loki 3 does.

    Attributes:
        lines: Envelopes as they were pushed, also those that were pushed twice.
        allowed: `max_entries_limit_per_query`.
    """

    def __init__(self, lines, allowed=5000):
        self.lines, self.allowed = list(lines), allowed

    def __call__(self, seen):
        asked = seen.query
        limit, start, end = int(asked["limit"]), int(asked["start"]), int(asked["end"])
        if limit > self.allowed:
            said = (
                f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {self.allowed})"
            )
            return 400, said
        labels = dict(re.findall(r'(\w+)="([^"]*)"', asked["query"].partition("}")[0]))
        pattern = asked["query"].partition(" |~ ")[2]
        wanted = re.compile(json.loads(pattern)) if pattern else None
        found = [
            (nanos(one), json.dumps(one, separators=(",", ":")))
            for one in self.lines
            if one["function"] == labels["service_name"]
            and one["environment"] == labels["deployment_environment_name"]
            and start <= nanos(one) < end
        ]
        found = [one for one in found if wanted is None or wanted.search(one[1])]
        backward = asked["direction"] == "backward"
        found.sort(key=lambda one: one[0], reverse=backward)
        streams = {}
        for number, (moment, text) in enumerate(found[:limit]):
            # Lines of several streams, as those of several pods are.
            streams.setdefault(number % 2, []).append([str(moment), text])
        result = [{"stream": {**labels, "n": str(key)}, "values": values} for key, values in streams.items()]
        return {"status": "success", "data": {"resultType": "streams", "result": result, "stats": {}}}


class OpenSearch:
    """Answers searches as OpenSearch 2 does for an index whose mapping it made itself."""

    def __init__(self, documents):
        self.documents = list(documents)

    def capabilities(self, seen):
        if not self.documents:
            return {"indices": [], "fields": {}}
        names = ("function", "environment", "id")
        fields = {name: {"text": {"type": "text", "searchable": True, "aggregatable": False}} for name in names}
        keyword = {"keyword": {"type": "keyword", "searchable": True, "aggregatable": True}}
        return {"indices": ["functions"], "fields": {**fields, **{f"{name}.keyword": keyword for name in names}}}

    def search(self, seen):
        body = seen.json
        filters = body["query"]["bool"]["filter"]
        terms = {key.removesuffix(".keyword"): value for one in filters for key, value in one.get("term", {}).items()}
        within = next(one["range"]["timestamp"] for one in filters if "range" in one)
        order = body["sort"][0]["timestamp"]
        hits = [
            {"_index": "functions", "_source": one, "sort": [nanos(one) // 1_000_000, one["id"]]}
            for one in self.documents
            if all(one[key] == value for key, value in terms.items())
            # Its dates are of milliseconds.
            and nanos({"timestamp": within["gte"]}) // 1_000_000 <= nanos(one) // 1_000_000
            and nanos(one) // 1_000_000 < nanos({"timestamp": within["lt"]}) // 1_000_000
        ]
        hits.sort(key=lambda hit: hit["sort"], reverse=order == "desc")
        after = body.get("search_after")
        if after is not None:
            hits = [hit for hit in hits if (hit["sort"] > after if order == "asc" else hit["sort"] < after)]
        return {"took": 1, "timed_out": False, "hits": {"max_score": None, "hits": hits[: body["size"]]}}


@pytest.fixture
def s3(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with moto.mock_aws():
        client = boto3.client("s3", region_name="eu-central-1")
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield client


def put(client, key, *envelopes, packed=True):
    text = "".join(json.dumps(one) + "\n" for one in envelopes).encode()
    client.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(text) if packed else text)


def bucket(client, **changes):
    values = {"sink": "central", "bucket": BUCKET, "prefix": "logs/", "partition": PARTITION, **changes}
    return S3Store(**values, client=lambda: client)
