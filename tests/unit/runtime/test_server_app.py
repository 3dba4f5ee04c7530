import json
import threading

import pytest
from slipway_runtime import server_app
from slipway_runtime.errors import StartupError
from slipway_runtime.server_app import is_outside

from tests.unit.runtime.conftest import ANY, CORS, ROOT

ECHO = """
import flask

def f(request):
    answer = flask.jsonify(path=request.path, url=request.url, client=request.remote_addr, id=request.headers["X-Request-Id"])
    answer.headers["Access-Control-Allow-Origin"] = "the function's own"
    return answer
"""
PUBLIC = "https://f.ns.example.com"
INSIDE = "http://f.ns.svc.cluster.local"
EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
EVENTS = """
def f(event):
    if event["id"] == "bad":
        raise ValueError("inside")
    if event["id"] == "abort":
        import flask
        flask.abort(409)
"""


def test_the_probe_is_answered_whatever_the_routes(serve):
    client = serve(ECHO, routes=())
    assert client.get("/_slipway/ready").status_code == 200


def test_the_probe_is_answered_while_the_function_is_busy(serve):
    begun, go = threading.Event(), threading.Event()
    client = serve("def f(request):\n    import main\n    main.BEGUN.set()\n    main.GO.wait(30)\n    return 'done'\n")
    import sys

    sys.modules["main"].BEGUN, sys.modules["main"].GO = begun, go
    answers = []
    thread = threading.Thread(target=lambda: answers.append(client.get("/").data))
    thread.start()
    assert begun.wait(30)
    assert client.get("/_slipway/ready").status_code == 200
    go.set()
    thread.join(30)
    assert answers == [b"done"]


def test_no_more_requests_at_a_time_than_the_function_takes(serve):
    source = """
    import threading
    LOCK, NOW, MOST = threading.Lock(), [0], [0]

    def f(request):
        with LOCK:
            NOW[0] += 1
            MOST[0] = max(MOST[0], NOW[0])
        for _ in range(2000):
            pass
        with LOCK:
            NOW[0] -= 1
        return "ok"
    """
    client = serve(source, concurrency=2)
    threads = [threading.Thread(target=lambda: client.get("/").close()) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    import sys

    assert 1 <= sys.modules["main"].MOST[0] <= 2


def test_a_failed_answer_gives_its_place_back(serve):
    client = serve("def f(request):\n    raise ValueError('inside')\n")
    assert [client.get("/").status_code for _ in range(3)] == [500, 500, 500]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/orders", 200), ("POST", "/orders", 404), ("GET", "/other", 404)]
)
def test_requests_without_a_route_do_not_reach_the_function(serve, method, path, status):
    client = serve(ECHO, routes=[ANY | {"path": "/orders", "methods": ["GET"]}])
    answer = client.open(path, method=method, base_url=PUBLIC)
    assert answer.status_code == status
    if status == 404:
        assert (answer.data, answer.content_type) == (b'{"message":"Not Found"}', "application/json")


def test_an_internal_route_serves_every_path_inside_and_none_outside(serve):
    client = serve(ECHO, routes=[ANY | {"path": "/orders", "visibility": "internal"}])
    assert client.get("/any/path", base_url=INSIDE).status_code == 200
    assert client.get("/orders", base_url=PUBLIC).status_code == 404


def test_what_proxies_say_is_put_in_place(serve):
    headers = {"X-Forwarded-For": "203.0.113.7, 10.0.0.1", "X-Forwarded-Proto": "https", "X-Request-Id": "r1"}
    found = serve(ECHO).get("/a?b=1", headers=headers, base_url="http://f.example.com").json
    assert found == {"path": "/a", "url": "https://f.example.com/a?b=1", "client": "203.0.113.7", "id": "r1"}


def test_a_request_without_an_id_gets_one(serve):
    client = serve(ECHO)
    first, second = (client.get("/").json["id"] for _ in range(2))
    assert first != second


def test_cross_origin_rules(serve):
    client = serve(ECHO, routes=[ROOT | {"methods": ["GET"], "cors": CORS}])
    sent = {"Origin": "https://shop.example.com"}
    preflight = client.options("/", headers=sent | {"Access-Control-Request-Method": "GET"}, base_url=PUBLIC)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET,POST"
    assert preflight.headers["Access-Control-Max-Age"] == "300"
    answer = client.get("/", headers=sent, base_url=PUBLIC)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "https://shop.example.com")
    refused = client.get("/other", headers=sent, base_url=PUBLIC)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (404, "https://shop.example.com")
    stranger = client.get("/", headers={"Origin": "https://evil.example.net"}, base_url=PUBLIC)
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_without_rules_no_preflight_is_answered(serve):
    client = serve(ECHO, routes=[ROOT | {"methods": ["GET"]}])
    headers = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": "GET"}
    assert client.options("/", headers=headers, base_url=PUBLIC).status_code == 404


@pytest.mark.parametrize(("id_", "status"), [("good", 204), ("bad", 500), ("abort", 500)])
def test_whatever_fails_is_asked_to_be_tried_again(serve, id_, status):
    """Knative gives up at once on other errors than 5xx; Lambda never does."""
    answer = serve(EVENTS, signature="cloudevent", routes=()).post("/", headers=EVENT | {"ce-id": id_}, base_url=INSIDE)
    assert answer.status_code == status
    assert status != 204 or answer.data == b""


@pytest.mark.parametrize(
    ("base_url", "headers"),
    [(PUBLIC, {}), (INSIDE, {"K-Original-Host": "shop.example.com"}), ("http://f.ns.svc.example.com", {})],
)
def test_events_from_outside_do_not_reach_the_function(serve, base_url, headers):
    answer = serve(EVENTS, signature="cloudevent", routes=()).post("/", headers=EVENT | headers, base_url=base_url)
    assert answer.status_code == 404


def test_an_event_that_comes_by_a_public_route_is_answered_as_on_lambda(serve):
    client = serve(EVENTS, signature="cloudevent", routes=[ANY | {"path": "/hook"}])
    answer = client.post("/hook", headers=EVENT, base_url=PUBLIC)
    assert (answer.status_code, answer.data) == (200, b"OK")


@pytest.mark.parametrize("host", ["10.1.2.3:8012", "127.0.0.1:8080", "[::1]:8080", "localhost:8080", "f.ns.svc"])
def test_events_from_inside_reach_it(serve, host):
    client = serve(EVENTS, signature="cloudevent", routes=())
    assert client.post("/", headers=EVENT, base_url=f"http://{host}").status_code == 204


def test_half_an_event_is_refused(serve):
    client = serve(EVENTS, signature="cloudevent", routes=())
    assert client.post("/", headers={"ce-specversion": "1.0"}, base_url=INSIDE).status_code == 400


def test_other_requests_inside_need_a_route_too(serve):
    client = serve(EVENTS, signature="cloudevent", routes=())
    assert client.get("/", base_url=INSIDE).status_code == 404
    assert client.post("/", data=b"{}", base_url=INSIDE).status_code == 404


@pytest.mark.parametrize(
    ("host", "outside"),
    [
        ("f.ns.svc.cluster.local", False),
        ("F.NS.SVC.Cluster.Local.:80", False),
        ("f.ns.localhost:4613", True),
        ("f.ns.svc.cluster.local.example.com", True),
        ("svc", True),
        ("", True),
        ("10.250.0.1.example.com", True),
        ("[fd00::1]", False),
    ],
)
def test_whose_host_names_are_inside(host, outside):
    assert is_outside({"HTTP_HOST": host}) is outside


def test_a_route_with_another_auth_ends_the_start(serve):
    with pytest.raises(StartupError, match="auth must be none or token"):
        serve(ECHO, routes=[ROOT | {"auth": "iam"}])


def test_the_record_of_a_request_carries_its_id(serve, capsys):
    import logging

    from slipway_runtime import server_logs

    root = logging.getLogger()
    before = root.handlers[:], root.level
    server_logs.configure({"K_SERVICE": "hello"})
    try:
        serve(
            "import logging\n\ndef f(request):\n    logging.getLogger('main').info('hi', extra={'order': 5})\n    return 'ok'\n"
        ).get("/", headers={"X-Request-Id": "r1"})
    finally:
        root.handlers[:], root.level = before
    line = next(
        found for text in capsys.readouterr().out.splitlines() if (found := json.loads(text))["message"] == "hi"
    )
    assert (line["requestId"], line["function"], line["order"], line["level"]) == ("r1", "hello", 5, "INFO")


def test_the_path_of_the_probe_is_what_components_ask():
    assert server_app.READY == "/_slipway/ready"
