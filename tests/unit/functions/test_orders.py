import json

import pytest

from tests.unit.runtime.aws_events import http_event

LINE = {"sku": "ENGINE-1", "quantity": 2, "unit_price": 1999}
ORDER = {"customer": "Ada Lovelace", "currency": "EUR", "lines": [LINE]}


@pytest.fixture
def queue(receipts_queue):
    """Gives what has been sent."""
    client, url = receipts_queue

    def messages():
        found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    return messages


@pytest.fixture
def post(sample):
    adapter, _, _ = sample("orders", "orders")

    def send(body, path="/orders", headers=()):
        text = body if isinstance(body, str) else json.dumps(body)
        answer = adapter.handle(http_event("POST", path, headers, text.encode()), None)
        return answer["statusCode"], json.loads(answer["body"]), answer["headers"]

    return send


def test_order_is_priced_and_handed_on(post, queue):
    status, body, headers = post(ORDER)
    assert status == 201
    assert headers["location"] == f"/orders/{body['id']}"
    assert (body["total"], body["tax"], body["display"]) == (3998, 638, "39.98 EUR")
    [event] = queue()
    assert (event["type"], event["source"], event["id"]) == ("com.example.order.accepted", "/orders", body["id"])
    assert event["data"] == {**ORDER, "order": body["id"], "total": 3998, "tax": 638}


def test_same_key_is_the_same_order(post, queue):
    ids = [post(ORDER, headers=[("Idempotency-Key", key)])[1]["id"] for key in ("a", "a", "b")]
    assert ids[0] == ids[1] != ids[2]


def test_orders_without_a_key_are_different(post, queue):
    assert post(ORDER)[1]["id"] != post(ORDER)[1]["id"]


def test_quote_sends_nothing(post, queue):
    status, body, _ = post(ORDER, "/orders/quote")
    assert (status, body) == (200, {"currency": "EUR", "total": 3998, "tax": 638, "display": "39.98 EUR"})
    assert queue() == []


def test_all_mistakes_at_once_without_personal_data(post, queue):
    bad = {"customer": "", "currency": "XXX", "lines": [LINE | {"quantity": 0, "sku": "hunter2"}], "note": "hunter2"}
    status, body, _ = post(bad)
    assert status == 422
    assert {mistake["at"] for mistake in body["mistakes"]} == {
        "customer",
        "currency",
        "lines.0.quantity",
        "lines.0.sku",
        "note",
    }
    assert "hunter2" not in json.dumps(body)
    assert queue() == []


@pytest.mark.parametrize("body", ["", "{", "[]", "null"])
def test_what_is_no_order(post, queue, body):
    assert post(body)[0] == 422


def test_example_is_answered_as_it_says(sample, queue):
    adapter, _, example = sample("orders", "orders")
    event = http_event(
        example["method"], example["path"], example["headers"].items(), json.dumps(example["body"]).encode()
    )
    assert adapter.handle(event, None)["statusCode"] == example["status"]
    assert len(queue()) == 1
