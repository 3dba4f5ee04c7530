"""What is the same for all stores: records count once, also those that come late."""

import threading

import pytest

from slipway.running.records import Record, nanos_of
from slipway.sinks import store as module
from slipway.sinks.loki import LokiStore
from slipway.sinks.s3 import S3Store
from slipway.sinks.store import Query, distinct, follow
from slipway.sinks.web import Web
from tests.unit.slipway.sinks.conftest import START, Loki, bucket, envelope, ids, make_query, put

SECOND = 1_000_000_000


def record(*arguments, **named):
    return Record.of(envelope(*arguments, **named))


def test_each_record_is_taken_once_and_those_without_an_id_all():
    same = record(1)
    nameless = Record.of({**envelope(2), "id": ""})
    found = [same, nameless, same, nameless, record(3, at=5), record(1, at=6)]
    assert ids(distinct(found)) == ["id-1", "", "", "id-3", "id-1"]


def test_a_query_takes_what_it_describes():
    start = nanos_of(START)
    query = Query(
        environment="prod", function="orders", since=start, until=start + 10, wanted=lambda one: one.id != "x"
    )
    assert query.takes(record(1))
    assert not query.takes(record(1, at=-1))
    assert not query.takes(record(1, at=10))
    assert not query.takes(record(1, key="x"))
    assert not query.takes(record(1, function="hello"))
    assert not query.takes(record(1, environment="dev"))


@pytest.fixture(params=["loki", "s3"])
def growing(request, clean, s3):
    """A store, and what adds records to it."""
    if request.param == "loki":
        loki = Loki([])
        clean.on("GET /loki/api/v1/query_range", loki)
        return LokiStore(Web("central", clean.url)), lambda *envelopes: loki.lines.extend(envelopes)
    counter = iter(range(100))

    def add(*envelopes):
        put(s3, f"logs/environment=prod/function=orders/date=2025-11-26/{next(counter)}.gz", *envelopes)

    return bucket(s3), add


def test_following_shows_each_record_once_also_late_ones(growing, monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 0)
    store, add = growing
    add(envelope(1, at=SECOND), envelope(2, at=200 * SECOND))
    clock = nanos_of(START) + 200 * SECOND
    stop, seen = threading.Event(), []
    for one in follow(store, make_query(), stop, lambda: clock):
        seen.append(one.id)
        if seen == ["id-1", "id-2"]:
            add(envelope(3, at=201 * SECOND))
        if seen[-1] == "id-3":
            # Older than what was shown, and delivered twice.
            add(envelope(4, at=150 * SECOND), envelope(2, at=200 * SECOND), envelope(5, at=202 * SECOND))
        if len(seen) == 5:
            stop.set()
    assert seen == ["id-1", "id-2", "id-3", "id-4", "id-5"]


def test_a_bucket_reads_no_object_twice_while_it_is_followed(s3, monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 0)
    read = []
    records = S3Store._records
    monkeypatch.setattr(S3Store, "_records", lambda self, query, key: read.append(key) or records(self, query, key))
    folder = "logs/environment=prod/function=orders/date=2025-11-26"
    put(s3, f"{folder}/a.gz", envelope(1))
    stop = threading.Event()
    for one in follow(bucket(s3), make_query(), stop, lambda: nanos_of(START)):
        if one.id == "id-1":
            put(s3, f"{folder}/b.gz", envelope(2))
        else:
            stop.set()
    assert read == [f"{folder}/a.gz", f"{folder}/b.gz"]
