"""Logs of pods: read, merged, followed."""

import datetime as dt
import threading

import pytest

from slipway.core.errors import EngineError
from slipway.kube import logs
from slipway.running.records import Origin
from tests.unit.slipway.kube.api_server import NAMESPACE, listed, refusal

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
ORIGIN = Origin(environment="dev", function="orders", target="knative", owner="team-shop")
SINCE = dt.datetime(2026, 11, 22, 9, 0, 0, 500_000, tzinfo=dt.UTC)


def pod(name, *, restarts=0, state="running"):
    container = {"name": "function", "restartCount": restarts, "state": {state: {}}}
    other = {"name": "queue-proxy", "restartCount": 7, "state": {"running": {}}}
    return {
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "labels": {"serving.knative.dev/revision": f"orders-{name}"},
        },
        "status": {"containerStatuses": [other, container]},
    }


def message(record):
    return record.envelope["message"]


def lines(*texts):
    return "".join(f"2026-11-22T09:{text}\n" for text in texts)


def test_the_pods_of_all_revisions_are_merged_by_time(kube, server):
    server.on(f"GET {PODS}", listed(pod("a"), pod("b")))
    server.on(f"GET {PODS}/a/log", lines("00:00.100000000Z too old", "00:01.000000001Z one", "00:03.5Z three"))
    server.on(f"GET {PODS}/b/log", lines("00:02Z two", '00:04.123456789+00:00 {"message": "four", "level": "WARN"}'))
    found = list(logs.read(kube, ORIGIN, SINCE))
    assert [message(record) for record in found] == ["one", "two", "three", "four"]
    assert [record.envelope["revision"] for record in found] == ["orders-a", "orders-b", "orders-a", "orders-b"]
    assert found[-1].envelope == {
        "timestamp": "2026-11-22T09:00:04.123456789Z",
        "severity": "WARN",
        "message": "four",
        "function": "orders",
        "environment": "dev",
        "target": "knative",
        "revision": "orders-b",
        "owner": "team-shop",
        "source": "function",
        "id": "uid-b/0/2026-11-22T09:00:04.123456789+00:00",
    }
    assert len({record.id for record in found}) == 4
    asked = [seen for seen in server.seen if seen.path.endswith("/log")]
    assert {(seen.query["container"], seen.query["sinceTime"]) for seen in asked} == {
        ("function", "2026-11-22T09:00:00Z")
    }
    assert next(seen for seen in server.seen if seen.path == PODS).query["labelSelector"] == (
        "serving.knative.dev/service=orders"
    )


def test_what_a_container_wrote_before_it_was_restarted_is_shown_too(kube, server):
    server.on(f"GET {PODS}", listed(pod("a", restarts=1)))
    before, now = lines("00:01Z before"), lines("00:02Z now")
    server.on(f"GET {PODS}/a/log", lambda seen: before if seen.query.get("previous") else now)
    assert [message(record) for record in logs.read(kube, ORIGIN, SINCE)] == ["before", "now"]


def test_a_pod_that_has_not_started_or_is_gone_has_nothing_to_show(kube, server):
    server.on(f"GET {PODS}", listed(pod("a"), pod("b"), pod("c")))
    waiting = 'container "function" in pod "a" is waiting to start: ContainerCreating'
    server.on(f"GET {PODS}/a/log", refusal(400, "BadRequest", waiting))
    server.on(f"GET {PODS}/c/log", lines("00:01Z here"))
    assert [message(record) for record in logs.read(kube, ORIGIN, SINCE)] == ["here"]


def test_a_refusal_is_told(kube, server):
    server.on(f"GET {PODS}", listed(pod("a")))
    text = 'pods "a" is forbidden: User "jane" cannot get resource "pods/log"'
    server.on(f"GET {PODS}/a/log", refusal(403, "Forbidden", text))
    with pytest.raises(EngineError, match=r"log of a: pods .* cannot get resource"):
        list(logs.read(kube, ORIGIN, SINCE))


def test_lines_are_put_together_whatever_the_pieces_are(kube):
    class Response:
        def stream(self, **_):
            yield from (b"a", b"b\nc", "ü\n".encode()[:1], "ü\n".encode()[1:], b"\n", b"rest")

    assert list(logs._split(Response())) == ["ab", "cü", "", "rest"]


def test_following_shows_each_line_once_and_finds_new_pods(kube, server, monkeypatch):
    monkeypatch.setattr(logs, "_LOOK_S", 0.001)
    server.on(f"GET {PODS}", listed(pod("a")), listed(pod("a"), pod("b")))
    server.on(f"GET {PODS}/a", pod("a"))
    # The stream breaks off and is asked for again: the server takes whole seconds, so it repeats the last line.
    server.on(f"GET {PODS}/a/log", lines("00:01.1Z one", "00:01.2Z two"), lines("00:01.2Z two", "00:01.3Z three"))
    server.on(f"GET {PODS}/b", pod("b", state="terminated"))
    server.on(f"GET {PODS}/b/log", lines("00:05Z other"))
    stop, seen = threading.Event(), []
    for record in logs.follow(kube, ORIGIN, SINCE, stop):
        seen.append(message(record))
        if len(seen) == 4:
            stop.set()
    assert sorted(seen) == ["one", "other", "three", "two"]
    assert [one for one in seen if one != "other"] == ["one", "two", "three"]
    assert all(one.query["follow"] == "true" for one in server.seen if one.path.endswith("/log"))


def test_following_a_cluster_that_goes_away_ends_with_a_message(kube, server, monkeypatch):
    monkeypatch.setattr(logs, "_LOOK_S", 0.001)
    server.on(f"GET {PODS}", listed(), refusal(403, "Forbidden", "pods is forbidden: User x cannot list"))
    with pytest.raises(EngineError, match="pods is forbidden"):
        list(logs.follow(kube, ORIGIN, SINCE, threading.Event()))


def test_lines_that_go_on_with_a_record_are_one_with_it(kube, server):
    server.on(f"GET {PODS}", listed(pod("a")))
    chained = "During handling of the above exception, another exception occurred:"
    texts = [
        "before",
        "Traceback (most recent call last):",
        '  File "main.py", line 4, in f',
        "KeyError: 1",
        "",
        chained,
        "",
        "Traceback (most recent call last):",
        '  File "main.py", line 6, in f',
        "ValueError: x",
        "after",
        "java.lang.IllegalStateException: y",
        "\tat shop.Main.run(Main.java:4)",
        "Caused by: java.io.IOException",
        "\tat shop.Main.read(Main.java:9)",
        "",
        "a list:",
        "  one",
        "the end",
    ]
    server.on(f"GET {PODS}/a/log", lines(*(f"00:{second:02d}.5Z {text}" for second, text in enumerate(texts, 1))))
    found = list(logs.read(kube, ORIGIN, SINCE))
    assert [message(record) for record in found] == [
        "before",
        "\n".join(texts[1:10]),
        "after",
        "\n".join(texts[11:15]),
        "a list:\n  one",
        "the end",
    ]
    assert found[1].envelope["error"]["type"] == "ValueError"
    assert found[1].nanos - found[0].nanos == 1_000_000_000
