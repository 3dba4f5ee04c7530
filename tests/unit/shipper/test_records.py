"""What Firehose gets back for each record."""

import base64
import gzip
import json
from types import SimpleNamespace

import pytest
from slipway_shipper import aws, handler


def test_a_batch_becomes_a_member_of_a_gzip_file_with_its_partition_keys(shipper, a_batch, a_record):
    one, other = (shipper().transform(a_record(a_batch(text))) for text in ("one", "other"))
    assert one["result"] == "Ok"
    assert one["metadata"] == {"partitionKeys": {"function": "orders", "date": "2026-11-26"}}
    both = base64.b64decode(one["data"]) + base64.b64decode(other["data"])
    assert [json.loads(line)["message"] for line in gzip.decompress(both).splitlines()] == ["one", "other"]


def test_the_same_record_gives_the_same_bytes(shipper, a_batch, a_record):
    record = a_record(a_batch("one"))
    assert shipper().transform(record) == shipper().transform(record)


def test_a_batch_that_firehose_unpacked_already_is_read_too(shipper, a_batch, a_record):
    assert shipper().transform(a_record(a_batch("one"), packed=False))["result"] == "Ok"


def test_what_only_tries_the_stream_is_dropped(shipper, a_batch, a_record):
    probe = a_batch("CWL CONTROL MESSAGE: Checking health of destination Firehose.", kind="CONTROL_MESSAGE")
    assert shipper().transform(a_record(probe)) == {"recordId": a_record(probe)["recordId"], "result": "Dropped"}


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8bnot gzip at all",
        b"plain text",
        b"[]",
        b"{}",
        b'{"messageType": "DATA_MESSAGE"}',
        b'{"messageType": "SECRET_OF_ADA", "logEvents": []}',
        b'{"messageType": "DATA_MESSAGE", "logGroup": "g", "logStream": "s", "logEvents": [{"id": "1"}]}',
        b"\xff\xfe\x00",
    ],
)
def test_a_record_that_cannot_be_read_stays_as_it_is_and_the_log_does_not_repeat_it(
    shipper, a_record, a_batch, content, caplog
):
    bad, good = a_record(content, packed=False, identity="bad"), a_record(a_batch("one"), identity="good")
    made = shipper()
    answers = [made.transform(item) for item in (bad, good)]
    assert answers[0] == {"recordId": "bad", "result": "ProcessingFailed", "data": bad["data"]}
    assert answers[1]["result"] == "Ok"
    assert "bad" in caplog.text
    assert "ADA" not in caplog.text


def test_data_that_is_no_base64_is_a_bad_record(shipper):
    answer = shipper().transform({"recordId": "r", "data": "!"})
    assert answer["result"] == "ProcessingFailed"


def test_a_batch_of_which_nothing_is_wanted_is_dropped(shipper, a_batch, a_record):
    assert shipper(level="ERROR").transform(a_record(a_batch("fine")))["result"] == "Dropped"


def test_a_destination_of_lines_gets_them_plain_and_without_keys(shipper, a_batch, a_record):
    answer = shipper(form="lines", partition=[]).transform(a_record(a_batch("one", "two")))
    lines = base64.b64decode(answer["data"])
    assert lines.endswith(b"\n")
    assert [json.loads(line)["message"] for line in lines.splitlines()] == ["one", "two"]
    assert "metadata" not in answer


class Streams:
    """Stands for Firehose; refuses each document as often as it is told."""

    def __init__(self, refusals=0):
        self.refusals, self.taken, self.calls = refusals, [], 0

    def put_record_batch(self, *, DeliveryStreamName, Records):  # noqa: N803 - AWS's names
        self.calls += 1
        assert DeliveryStreamName == "slipway-dev-sink-search"
        if self.refusals:
            self.refusals -= 1
            return {"RequestResponses": [{"ErrorCode": "ServiceUnavailableException"} for _ in Records]}
        self.taken += [record["Data"] for record in Records]
        return {"RequestResponses": [{"RecordId": "r"} for _ in Records]}


@pytest.fixture
def streams(monkeypatch):
    found = Streams()
    monkeypatch.setattr(aws, "_client", lambda service: found)
    monkeypatch.setattr(aws, "time", SimpleNamespace(sleep=lambda seconds: None, monotonic=lambda: 0.0))
    return found


DOCUMENTS = {"form": "documents", "partition": [], "stream": "slipway-dev-sink-search"}


def test_documents_go_on_one_by_one_and_come_back_as_they_are(shipper, a_batch, a_record, streams):
    made = shipper(**DOCUMENTS)
    answer = made.transform(a_record(a_batch("one", "two", "three")))
    assert json.loads(base64.b64decode(answer["data"]))["message"] == "one"
    assert [json.loads(document)["message"] for document in streams.taken] == ["two", "three"]
    again = [made.transform(a_record(document, packed=False)) for document in streams.taken]
    assert [json.loads(base64.b64decode(item["data"]))["message"] for item in again] == ["two", "three"]
    assert streams.calls == 1


def test_documents_that_are_not_taken_are_put_again(shipper, a_batch, a_record, streams):
    streams.refusals = 2
    assert shipper(**DOCUMENTS).transform(a_record(a_batch("one", "two")))["result"] == "Ok"
    assert len(streams.taken) == 1


def test_a_batch_whose_documents_are_never_taken_fails_whole(shipper, a_batch, a_record, streams):
    streams.refusals = 100
    assert shipper(**DOCUMENTS).transform(a_record(a_batch("one", "two")))["result"] == "ProcessingFailed"


def test_many_documents_are_put_in_as_few_calls_as_firehose_takes(shipper, a_batch, a_record, streams):
    shipper(**DOCUMENTS).transform(a_record(a_batch(*(str(n) for n in range(1201)))))
    assert (len(streams.taken), streams.calls) == (1200, 3)


class Groups:
    """Stands for CloudWatch Logs."""

    def __init__(self):
        self.asked, self.tags = [], {"owner": "team-payments", "environment": "dev"}

    def list_tags_for_resource(self, *, resourceArn):  # noqa: N803 - AWS's name
        self.asked.append(resourceArn)
        if self.tags is None:
            raise PermissionError
        return {"tags": self.tags}


def test_the_owner_is_read_from_the_groups_tags_once(shipper, a_batch, a_record, monkeypatch):
    groups = Groups()
    monkeypatch.setattr(aws, "_client", lambda service: groups)
    made = shipper(form="lines", groups="arn:aws:logs:eu-central-1:123456789012:log-group:")
    for _ in range(2):
        answer = made.transform(a_record(a_batch("one")))
        assert json.loads(base64.b64decode(answer["data"]))["owner"] == "team-payments"
    assert groups.asked == ["arn:aws:logs:eu-central-1:123456789012:log-group:/slipway/dev/orders"]


@pytest.mark.parametrize("tags", [None, {}])
def test_records_go_on_without_an_owner_that_is_not_known(shipper, a_batch, a_record, monkeypatch, tags):
    groups = Groups()
    groups.tags = tags
    monkeypatch.setattr(aws, "_client", lambda service: groups)
    answer = shipper(form="lines", groups="arn:").transform(a_record(a_batch("one")))
    assert "owner" not in json.loads(base64.b64decode(answer["data"]))


def test_the_entry_point_answers_every_record_in_order(monkeypatch, a_batch, a_record):
    monkeypatch.setenv("SLIPWAY_SINK", json.dumps({"environment": "dev"}))
    handler._shipper.cache_clear()
    records = [a_record(a_batch(str(n)), identity=str(n)) for n in range(3)]
    answer = handler.handle({"invocationId": "i", "region": "eu-central-1", "records": records}, None)
    assert [item["recordId"] for item in answer["records"]] == ["0", "1", "2"]
    handler._shipper.cache_clear()


def test_ten_thousand_short_events_fit_into_lambdas_answer(shipper, a_batch, a_record):
    answer = shipper().transform(a_record(a_batch(*(f"line {n:06d}" for n in range(10_000)))))
    assert len(json.dumps({"records": [answer]})) < 1024 * 1024
