import json
import sqlite3
import threading

import pytest
import werkzeug.test
from slipway_deadletters.__main__ import build
from slipway_deadletters.sender import UnreachableError
from slipway_deadletters.service import Service
from slipway_deadletters.store import Store
from slipway_runtime.errors import StartupError

HEADERS = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-source": "/s",
    "ce-type": "t",
    "ce-time": "2026-11-22T08:00:00Z",
    "ce-subject": "gr%C3%BCn",
    "ce-knativeerrorcode": "500",
    "ce-knativeerrordest": "http://orders.ns.svc.cluster.local/",
    "ce-knativeerrordata": "c2VjcmV0",
    "content-type": "application/json",
}
BODY = b'{"card": "4711-secret"}'


class Sender:
    """Takes what is sent and answers with the given statuses, 200 when there are no more; an exception is raised."""

    def __init__(self):
        self.sent, self.answers = [], []

    def send(self, function, letter):
        from slipway_deadletters import letters

        self.sent.append((function, *letters.again(letter)))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def sender():
    return Sender()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "letters.sqlite"


@pytest.fixture
def client(path, sender):
    store = Store(path, limit=10_000_000)
    yield werkzeug.test.Client(Service(store, sender), use_cookies=False)
    store.close()


def keep(client, function="orders", body=BODY, **headers):
    sent = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/{function}", headers=sent, data=body)


def redrive(client, function="orders", **more):
    return client.post("/redrive", json={"function": function, **more})


def test_a_letter_is_kept_and_listed_without_its_data(client):
    answer = keep(client)
    assert (answer.status_code, answer.data) == (204, b"")
    listing = client.get("/letters")
    assert b"secret" not in listing.data
    [letter] = listing.json["functions"]["orders"]["letters"]
    assert letter.pop("received").endswith("Z")
    assert letter == {
        "id": "1",
        "event": {"id": "1", "type": "t", "source": "/s", "time": "2026-11-22T08:00:00Z"},
        "error": {"code": "500", "destination": "http://orders.ns.svc.cluster.local/"},
        "attempts": 0,
    }
    assert 0 < listing.json["bytes"] <= listing.json["limit"]


def test_letters_of_one_function_or_counts_alone(client):
    for number in range(3):
        keep(client, ce_id=str(number))
    keep(client, "audit")
    counts = client.get("/letters?limit=0").json["functions"]
    assert counts == {"audit": {"count": 1, "letters": []}, "orders": {"count": 3, "letters": []}}
    one = client.get("/letters?function=orders&limit=2").json["functions"]
    assert [letter["event"]["id"] for letter in one["orders"]["letters"]] == ["0", "1"]
    assert "audit" not in one


@pytest.mark.parametrize("limit", ["-1", "x", "1e3", "99999999999999999999", "²"])
def test_a_bad_limit_is_named(client, limit):
    answer = client.get("/letters", query_string={"limit": limit})
    assert (answer.status_code, "limit" in answer.json["message"]) == (400, True)


def test_sent_again_as_it_came_without_what_knative_added(client, sender):
    keep(client)
    assert redrive(client).json == {"sent": 1, "failed": [], "left": 0}
    [(function, headers, body)] = sender.sent
    assert (function, body) == ("orders", BODY)
    assert headers == {name: value for name, value in HEADERS.items() if "knative" not in name}
    assert client.get("/letters").json["functions"] == {}


def test_structured_events_too(client, sender):
    event = {
        "specversion": "1.0",
        "id": "9",
        "source": "/s",
        "type": "t",
        "knativeerrorcode": "503",
        "data": {"a": "ü"},
    }
    headers = {"content-type": "application/cloudevents+json; charset=utf-8"}
    assert client.post("/orders", headers=headers, data=json.dumps(event)).status_code == 204
    [letter] = client.get("/letters").json["functions"]["orders"]["letters"]
    assert (letter["event"]["id"], letter["error"]) == ("9", {"code": "503"})
    redrive(client)
    [(_, sent, body)] = sender.sent
    assert sent == headers
    assert json.loads(body) == {name: value for name, value in event.items() if name != "knativeerrorcode"}


def test_what_fails_again_stays(client, sender):
    for number in range(3):
        keep(client, ce_id=f"e{number}")
    sender.answers = [200, 500, 204]
    answer = redrive(client).json
    assert answer == {"sent": 2, "failed": [{"id": "2", "event": "e1", "reason": "status 500"}], "left": 1}
    [letter] = client.get("/letters").json["functions"]["orders"]["letters"]
    assert letter["attempts"] == 1


def test_a_function_that_does_not_answer_is_not_waited_for_again_and_again(client, sender):
    for number in range(3):
        keep(client, ce_id=f"e{number}")
    sender.answers = [UnreachableError("Connection refused")]
    answer = redrive(client).json
    assert answer["failed"] == [{"id": "1", "event": "e0", "reason": "no answer: Connection refused"}]
    assert (answer["sent"], answer["left"], len(sender.sent)) == (0, 3, 1)


def test_the_oldest_first_and_no_more_than_asked_for(client, sender):
    for number in range(3):
        keep(client, ce_id=f"e{number}")
    assert redrive(client, limit=2).json == {"sent": 2, "failed": [], "left": 1}
    assert [headers["ce-id"] for _, headers, _ in sender.sent] == ["e0", "e1"]


def test_nothing_to_send(client):
    assert redrive(client, "nobody").json == {"sent": 0, "failed": [], "left": 0}


def test_one_redrive_at_a_time(client, sender):
    keep(client)
    begun, go = threading.Event(), threading.Event()

    def wait(function, letter):
        begun.set()
        go.wait(30)
        return 200

    sender.send = wait
    answers = []
    thread = threading.Thread(target=lambda: answers.append(redrive(client).json))
    thread.start()
    assert begun.wait(30)
    assert redrive(client).status_code == 409
    # Meanwhile letters are kept.
    assert keep(client, ce_id="2").status_code == 204
    go.set()
    thread.join(30)
    assert answers == [{"sent": 1, "failed": [], "left": 1}]
    assert redrive(client).status_code == 200


@pytest.mark.parametrize("name", ["redrive", "letters"])
def test_functions_may_have_the_names_of_our_paths(client, name):
    assert keep(client, name).status_code == 204
    assert client.get("/letters?limit=0").json["functions"] == {name: {"count": 1, "letters": []}}


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/orders", {"content-type": "application/json"}, 400),
        ("/orders", {"ce-specversion": "1.0", "ce-id": "1"}, 400),
        ("/orders", {"content-type": "application/cloudevents+json"}, 400),
        ("/Not_A_Name", HEADERS, 404),
        ("/a/b", HEADERS, 404),
    ],
)
def test_what_is_no_letter_is_refused(client, target, headers, status):
    answer = client.post(target, headers=headers, data=b"{}")
    assert (answer.status_code, "message" in answer.json) == (status, True)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"{}", b'{"function": 5}', b'{"function": "../x"}', b'{"function": "a", "limit": 0.5}']
)
def test_a_bad_redrive_is_refused(client, body):
    assert client.post("/redrive", data=body).status_code == 400


def test_too_large_an_event(client):
    assert keep(client, body=b"0" * (10 * 1024 * 1024 + 1)).status_code == 413


def test_full_is_said_and_nothing_is_half_kept(path, sender):
    store = Store(path, limit=100_000)
    client = werkzeug.test.Client(Service(store, sender), use_cookies=False)
    statuses = []
    while 507 not in statuses:
        answer = keep(client, body=b"0" * 5_000, content_type="text/plain", ce_id=str(len(statuses)))
        statuses.append(answer.status_code)
        assert len(statuses) < 100
    assert "100000 bytes" in answer.json["message"]
    kept = client.get("/letters").json["functions"]["orders"]["count"]
    assert kept == statuses.count(204) > 5
    assert redrive(client).json["sent"] == kept
    assert keep(client).status_code == 204  # the room is there again
    store.close()


def test_letters_outlive_the_process(path, sender):
    first = Store(path, limit=10_000_000)
    keep(werkzeug.test.Client(Service(first, sender)))
    second = Store(path, limit=10_000_000)  # as after kill -9: the first was never closed
    assert second.count("orders") == 1
    for store in (first, second):
        store.close()


def test_a_file_that_is_no_store_ends_the_start(path):
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StartupError, match="cannot be used"):
        Store(path, limit=1_000_000)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "SLIPWAY_FUNCTION_URL"),
        ({"SLIPWAY_FUNCTION_URL": "http://orders/"}, "SLIPWAY_FUNCTION_URL"),
        ({"SLIPWAY_FUNCTION_URL": "ftp://{function}/"}, "SLIPWAY_FUNCTION_URL"),
        (
            {"SLIPWAY_FUNCTION_URL": "http://{function}/", "SLIPWAY_DEAD_LETTERS_BYTES": "much"},
            "SLIPWAY_DEAD_LETTERS_BYTES",
        ),
        ({"SLIPWAY_FUNCTION_URL": "http://{function}/", "SLIPWAY_DEAD_LETTERS_FOLDER": "/proc/none"}, "cannot be used"),
    ],
)
def test_wrong_variables_end_the_start(variables, said):
    with pytest.raises(StartupError, match=said):
        build(variables)


def test_other_failures_are_answered_and_logged(client, monkeypatch):
    def broken(*_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Store, "listing", broken)
    answer = client.get("/letters")
    assert (answer.status_code, b"disk" in answer.data) == (500, False)
