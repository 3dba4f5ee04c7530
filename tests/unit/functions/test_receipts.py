import json

import pytest

from tests.unit.runtime.aws_events import sqs_record


@pytest.fixture
def receipts(sample):
    return sample("receipts", "receipt", "cloudevent")


def test_writes_the_receipt(receipts):
    _, module, example = receipts
    lines = module.write(example["data"]["data"]).splitlines()
    assert lines[0] == "Receipt for order 0f5e4d2c-7a67-5c37-9f0e-0d6a6f1b2c3d"
    assert lines[1].split() == ["2", "x", "ENGINE-1", "39.98", "EUR"]
    assert lines[-2].split() == ["Total", "40.48", "EUR"]
    assert lines[-1].split() == ["of", "which", "tax", "6.46", "EUR"]


def test_bad_messages_go_back_and_good_ones_are_done(receipts, caplog):
    adapter, _, example = receipts
    good = example["data"]
    wrong_total = {**good, "data": {**good["data"], "total": 1}}
    bodies = [json.dumps(good), "not an order", json.dumps(wrong_total), json.dumps(good)]
    caplog.set_level("INFO")
    answer = adapter.handle({"Records": [sqs_record(str(i), body) for i, body in enumerate(bodies)]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "2"}]}
    written = [record for record in caplog.records if record.getMessage() == "receipt"]
    assert [record.order for record in written] == ["0f5e4d2c-7a67-5c37-9f0e-0d6a6f1b2c3d"] * 2
    assert "lines add up to 4048, total says 1" in caplog.text
    assert "expected an event of type com.example.order.accepted, found io.slipway.queue.message" in caplog.text
