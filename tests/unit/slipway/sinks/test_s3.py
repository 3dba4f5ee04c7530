"""Reading a bucket: partitions, days, objects that came late, what is no envelope."""

import boto3
import pytest
from botocore.config import Config

from slipway.core.errors import EngineError
from slipway.running.records import nanos_of
from slipway.sinks.store import distinct
from tests.unit.slipway.sinks.conftest import BUCKET, START, bucket, envelope, ids, make_query, put

DAY = 86_400_000_000_000
FOLDER = "logs/environment=prod/function=orders/date=2025-11-2"


@pytest.fixture
def filled(s3):
    put(s3, f"{FOLDER}6/b.gz", envelope(3, at=3), envelope(1, at=1))
    put(s3, f"{FOLDER}6/a.gz", envelope(2, at=2), envelope(1, at=1))
    put(s3, f"{FOLDER}7/a", envelope(5, at=DAY), envelope(4, at=DAY // 4), packed=False)
    put(s3, "logs/environment=prod/function=hello/date=2025-11-26/a.gz", envelope(8, function="hello"))
    put(s3, "logs/environment=dev/function=orders/date=2025-11-26/a.gz", envelope(9, environment="dev"))
    return s3


def test_records_of_all_objects_and_days_are_in_order(filled):
    # The fourth was written a day after it was logged.
    assert ids(distinct(bucket(filled).read(make_query()))) == ["id-1", "id-2", "id-3", "id-4", "id-5"]


def test_the_newest_are_the_end_of_all(filled):
    for count in range(7):
        assert ids(bucket(filled).newest(make_query(), count)) == ["id-1", "id-2", "id-3", "id-4", "id-5"][-count:] * (
            count > 0
        )


def test_old_objects_are_not_read_for_the_newest_records(filled, monkeypatch):
    # Everything was written just now, which is far from when it was logged: all objects may hold newer ones.
    read = []
    store = bucket(filled)
    monkeypatch.setattr("slipway.sinks.s3._AT_ONCE", 1)
    records = store._records
    monkeypatch.setattr(store, "_records", lambda query, key: read.append(key) or records(query, key))
    written = {f"{FOLDER}6/a.gz": 2, f"{FOLDER}6/b.gz": 3, f"{FOLDER}7/a": 4}
    start = nanos_of(START)
    objects = [(start + at - (DAY if key.endswith("gz") else 0), key) for key, at in written.items()]
    monkeypatch.setattr(store, "_objects", lambda query, day: [one for one in objects if f"{day}/" in one[1]])
    assert ids(store.newest(make_query(), 2)) == ["id-4", "id-5"]
    assert read == [f"{FOLDER}7/a"]


def test_the_window_and_the_choice_hold(filled):
    start = nanos_of(START)
    asked = make_query(since=start + 2, until=start + DAY, wanted=lambda record: record.id != "id-3")
    assert ids(distinct(bucket(filled).read(asked))) == ["id-2", "id-4"]


def test_following_reads_each_object_once_and_finds_new_ones(filled):
    look = bucket(filled).watch(make_query())
    start, end = nanos_of(START) - 10, nanos_of(START) + 2 * DAY
    assert len(ids(look(start, end))) == 6
    assert ids(look(end, end)) == []
    put(filled, f"{FOLDER}8/z.gz", envelope(6, at=2 * DAY - 1))
    put(filled, f"{FOLDER}7/late.gz", envelope(7, at=5))
    assert ids(look(end, end)) == ["id-7", "id-6"]


@pytest.mark.parametrize("partition", [("date", "function", "environment"), ("function",), ("date",), ()])
def test_other_partitions_are_found(s3, partition):
    values = {"environment": "prod", "function": "orders", "date": "2025-11-26"}
    folder = "".join(f"{part}={values[part]}/" for part in partition)
    put(s3, f"logs/{folder}a.gz", envelope(1), envelope(2, function="hello"), envelope(3, environment="dev"))
    assert ids(bucket(s3, partition=partition).read(make_query())) == ["id-1"]


def test_many_objects_take_several_pages(s3, monkeypatch):
    lines = [envelope(number, at=number) for number in range(25)]
    for number, line in enumerate(lines):
        put(s3, f"{FOLDER}6/{number:03d}.gz", line)
    paginator = type(s3.get_paginator("list_objects_v2"))
    paginate = paginator.paginate
    monkeypatch.setattr(paginator, "paginate", lambda self, **k: paginate(self, **k, PaginationConfig={"PageSize": 4}))
    assert ids(bucket(s3).read(make_query())) == [one["id"] for one in lines]


def test_what_is_no_envelope_is_counted_and_what_is_cut_is_told(s3):
    s3.put_object(Bucket=BUCKET, Key=f"{FOLDER}6/a", Body=b'{"message": "x"}\nhello\n\n')
    store = bucket(s3)
    assert list(store.read(make_query())) == []
    assert store.unreadable == 2
    put(s3, f"{FOLDER}6/b.gz", envelope(1))
    whole = s3.get_object(Bucket=BUCKET, Key=f"{FOLDER}6/b.gz")["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=f"{FOLDER}6/b.gz", Body=whole[:-9])
    with pytest.raises(EngineError, match=r"sink central \(s3://archive/logs/\): .*b.gz is no whole gzip file"):
        list(store.read(make_query()))


def test_a_missing_bucket_says_what_to_do(s3):
    with pytest.raises(EngineError, match=r"sink central \(s3://gone/logs/\): .*NoSuchBucket.*run `slipway up`"):
        list(bucket(s3, bucket="gone").read(make_query()))


def test_a_batch_that_began_before_midnight_is_found_after_it(s3):
    # It lies under the day of its first record.
    put(s3, f"{FOLDER}6/a.gz", envelope(1, at=DAY // 24 * 14 - 1), envelope(2, at=DAY // 24 * 14))
    midnight = make_query(since=nanos_of(START) + DAY // 24 * 14)
    assert ids(bucket(s3).read(midnight)) == ["id-2"]
    assert ids(bucket(s3).newest(midnight, 5)) == ["id-2"]


def test_an_embedded_store_that_does_not_run_says_what_to_start(monkeypatch):
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-central-1"}
    once = Config(retries={"total_max_attempts": 1})
    nowhere = boto3.client("s3", endpoint_url="http://127.0.0.1:9", config=once, **keys)
    with pytest.raises(EngineError, match=r"sink central .*what to do: .*`slipway local start`"):
        list(bucket(nowhere).read(make_query()))
