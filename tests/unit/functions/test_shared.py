import http.server
import json
import threading
from decimal import Decimal

import pytest
import urllib3
from cloudevents.http import from_http

from functions.shared import money, queues


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(0, "EUR", "0.00 EUR"), (5, "USD", "0.05 USD"), (1234567, "EUR", "12,345.67 EUR"), (1500, "JPY", "1,500 JPY")],
)
def test_show(amount, currency, shown):
    assert money.show(amount, currency) == shown


@pytest.mark.parametrize(
    ("gross", "percent", "tax"), [(119, "19", 19), (4048, "19", 646), (107, "7", 7), (3, "19", 0), (100, "0", 0)]
)
def test_included_tax(gross, percent, tax):
    assert money.included_tax(gross, Decimal(percent)) == tax


def test_queue_that_is_not_listed_is_named(monkeypatch):
    monkeypatch.delenv("QUEUE_PAID_ORDERS_URL", raising=False)
    with pytest.raises(KeyError, match="QUEUE_PAID_ORDERS_URL"):
        queues.send("paid-orders", "t", "/s", "1", {})


def test_an_sqs_address_gets_the_event_as_the_message(receipts_queue):
    client, url = receipts_queue
    queues._sqs.cache_clear()
    queues.send("receipts", "com.example.t", "/s", "7", {"a": 1})
    [message] = client.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {
        "specversion": "1.0",
        "id": "7",
        "type": "com.example.t",
        "source": "/s",
        "datacontenttype": "application/json",
        "data": {"a": 1},
        "time": json.loads(message["Body"])["time"],
    }


@pytest.fixture
def channel(monkeypatch):
    """A channel that answers with the statuses in `answers`, the last one for ever; `got` holds requests."""
    got, answers = [], [202]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("QUEUE_RECEIPTS_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(queues, "RETRIES", queues.RETRIES.new(backoff_factor=0))
    queues._http.cache_clear()
    yield got, answers
    queues._http.cache_clear()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_channel_gets_the_event_by_http(channel):
    got, _ = channel
    queues.send("receipts", "com.example.t", "/s", "7", {"a": "ü"})
    [(headers, body)] = got
    event = from_http(headers, body)
    assert (event["id"], event["type"], event["source"], event.data) == ("7", "com.example.t", "/s", {"a": "ü"})


def test_a_busy_channel_is_asked_again(channel):
    got, answers = channel
    answers[:] = [503, 404, 202]
    queues.send("receipts", "t", "/s", "7", {})
    assert [json.loads(body)["id"] for _, body in got] == ["7", "7", "7"]


@pytest.mark.parametrize(("status", "asked"), [(503, 6), (400, 1)])
def test_a_channel_that_refuses_is_an_error(channel, status, asked):
    got, answers = channel
    answers[:] = [status]
    with pytest.raises(OSError, match="queue receipts"):
        queues.send("receipts", "t", "/s", "7", {})
    assert len(got) == asked


def test_a_channel_that_is_gone_is_an_error(channel, monkeypatch):
    monkeypatch.setenv("QUEUE_RECEIPTS_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(queues, "RETRIES", urllib3.Retry(0))
    with pytest.raises(OSError, match="queue receipts: "):
        queues.send("receipts", "t", "/s", "7", {})


@pytest.mark.parametrize(
    ("address", "sqs"),
    [
        ("https://sqs.eu-central-1.amazonaws.com/123456789012/slipway-prod-receipts.fifo", True),
        ("http://127.0.0.1:4610/123456789012/receipts", True),
        ("http://receipts-kn-channel.slipway-dev.svc.cluster.local", False),
        ("http://broker.example.com/slipway/receipts", False),
    ],
)
def test_the_path_tells_the_kind_of_address(address, sqs):
    assert bool(queues.SQS.fullmatch(queues.urlsplit(address).path)) is sqs
