"""One function behind the framework's own server, in a container and on Lambda: all of them answer the same."""

import base64
import http.client
import json
import re
import socket
import subprocess
import sys
import textwrap

import pytest
import tenacity

from tests.unit.runtime.aws_events import bus_event, http_event, response_body, schedule_event, sqs_record

SOURCE = """
import base64, json
import flask

def f(request):
    if request.path == "/fail":
        raise ValueError("inside")
    if request.path == "/away":
        return flask.redirect("/there?x=1", 307)
    if request.path == "/image":
        return flask.Response(bytes(range(256)), mimetype="image/png", headers={"ETag": '"1"'})
    if request.path == "/stream":
        return flask.Response((part for part in ["gr", "ü", "n"]), mimetype="text/plain")
    if request.path == "/abort":
        flask.abort(403, "not you")
    answer = flask.jsonify(
        method=request.method,
        path=request.path,
        query=list(request.args.items(multi=True)),
        headers=sorted((k, v) for k, v in request.headers if k.startswith("X-Own-")),
        cookies=sorted(request.cookies.items(multi=True)),
        body=base64.b64encode(request.get_data()).decode(),
        length=request.content_length,
        type=request.content_type,
    )
    answer.set_cookie("a", "1", httponly=True)
    answer.set_cookie("b", "ü; x", path="/b")
    answer.headers.add("Vary", "Accept")
    answer.headers.add("X-Own-Answer", "yes")
    return answer, 201
"""

REQUESTS = [
    ("GET", "/", [], b""),
    ("GET", "/gr%C3%BCn/100%2541?a=1&a=2&b=%20+%26&c", [], b""),
    ("GET", "/a;b=c/d,e:f@g!$&'()*+=~", [], b""),
    ("POST", "/", [("Content-Type", "application/json")], b'{"a": "\xc3\xbc"}'),
    ("POST", "/", [("Content-Type", "application/octet-stream")], bytes(range(256))),
    ("PUT", "/x", [("Content-Type", "text/plain; charset=utf-8")], b"text"),
    ("PATCH", "/x", [], b"no type"),
    ("DELETE", "/x?really=yes", [], b""),
    ("OPTIONS", "/x", [("Origin", "https://example.com")], b""),
    ("HEAD", "/image", [], b""),
    ("GET", "/", [("X-Own-A", "1"), ("X-Own-A", "2"), ("X-Own-B", "  spaced "), ("X_Own_C", "dropped")], b""),
    ("GET", "/", [("Cookie", 'x=1; y="quoted; not"; z=a=b')], b""),
    ("GET", "/image", [], b""),
    ("GET", "/stream", [], b""),
    ("GET", "/away", [], b""),
    ("GET", "/abort", [], b""),
    ("GET", "/fail", [], b""),
    ("GET", "/favicon.ico", [], b""),
    ("GET", "/robots.txt", [], b""),
]
# What belongs to a server or a connection, not to the answer.
HOP = {"date", "server", "connection", "transfer-encoding", "content-length"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    (folder / "main.py").write_text(textwrap.dedent(SOURCE))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-B", "-m", "functions_framework", "--target", "f", "--source", "main.py"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)], cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )

    @tenacity.retry(stop=tenacity.stop_after_delay(60), wait=tenacity.wait_fixed(0.1), reraise=True)
    def wait():
        assert process.poll() is None, log.read_text()
        socket.create_connection(("127.0.0.1", port), timeout=5).close()

    wait()
    yield port
    process.terminate()
    process.wait(timeout=30)


def ask_server(port, method, target, headers, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    joined = {}
    for name, value in answer.getheaders():
        key = name.lower()
        if key not in HOP | {"set-cookie"}:
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return answer.status, joined, answer.headers.get_all("Set-Cookie") or [], content


def ask_lambda(runtime, front, request):
    method, target, headers, body = request
    # What a server makes of white space around a value, a gateway does before it calls.
    sent = [(name, value.strip()) for name, value in headers]
    answer = runtime.answer(http_event(method, target, sent, body, front=front))
    kept = {name: value for name, value in answer["headers"].items() if name not in HOP}
    return answer["statusCode"], kept, answer["cookies"], response_body(answer)


@pytest.fixture(scope="module")
def container(contained):
    return contained(SOURCE).ready()


def ask_container(container, method, target, headers, body):
    status, found, cookies, content = container.ask(method, target, headers, body)
    return status, {name: value for name, value in found.items() if name not in HOP}, cookies, content


def test_the_container_answers_as_the_framework_does(server, container):
    for request in REQUESTS:
        assert ask_container(container, *request) == ask_server(server, *request), request


@pytest.mark.parametrize("front", ["api", "url"])
def test_same_answers(server, function, front):
    runtime = function(SOURCE)
    for request in REQUESTS:
        assert ask_lambda(runtime, front, request) == ask_server(server, *request), request


def test_the_server_said_something(server):
    status, headers, cookies, content = ask_server(server, "GET", "/a?b=1", [("X-Own-A", "1"), ("X-Own-A", "2")], b"")
    assert (status, headers["x-own-answer"], len(cookies)) == (201, "yes", 2)
    assert b'"headers":[["X-Own-A","1,2"]]' in re.sub(rb"\s", b"", content)


def test_large_bodies_arrive_whole(server, container, function):
    body = bytes(range(256)) * 16_000
    request = ("POST", "/", [("Content-Type", "application/octet-stream")], body[:3_000_000])
    answer = ask_lambda(function(SOURCE), "url", request)
    assert answer == ask_server(server, *request) == ask_container(container, *request)
    assert base64.b64encode(request[3]) in answer[3]


EVENTS = """
import json, logging
log = logging.getLogger("main")
log.setLevel(logging.INFO)

def f(event):
    data = event.data.hex() if isinstance(event.data, bytes) else event.data
    log.info("seen", extra={"attributes": event.get_attributes(), "data": data})
    if event["id"] == "bad":
        raise ValueError("inside")
"""
SENT = {
    "specversion": "1.0",
    "id": "7",
    "source": "/orders",
    "type": "com.example.order.accepted",
    "time": "2026-11-22T08:00:00Z",
    "datacontenttype": "application/json",
    "subject": "gr\u00fcn",
    "data": {"order": "7", "lines": [1, None, "\u00fc"]},
}
# Kind, what Lambda is given, and what a broker or channel sends for the same: headers and body.
KINDS = {
    "bus": (
        bus_event(account=None, region=None, detail={"a": 1, "_attributes": {"tenant": "north"}}),
        {
            "ce-specversion": "1.0",
            "ce-id": bus_event()["id"],
            "ce-source": "com.example.payments",
            "ce-type": "com.example.order.paid",
            "ce-time": "2026-11-22T08:00:00Z",
            "ce-tenant": "north",
            "ce-knativearrivaltime": "2026-11-22T08:00:01Z",
            "content-type": "application/json",
        },
        b'{"a": 1}',
    ),
    "schedule": (
        schedule_event(),
        {
            "ce-specversion": "1.0",
            "ce-id": schedule_event()["id"],
            "ce-source": "/apis/v1/namespaces/n/pingsources/nightly-report",
            "ce-type": "dev.knative.sources.ping",
            "ce-time": "2026-11-22T02:15:00.250Z",
            "ce-slipwayschedule": "nightly-report",
            "content-type": "application/json",
        },
        b'{"days": 7}',
    ),
    "queue": (
        {"Records": [sqs_record("m1", json.dumps(SENT))]},
        {
            **{
                f"ce-{name}": value
                for name, value in SENT.items()
                if name not in {"data", "datacontenttype", "subject"}
            },
            "ce-subject": "gr%C3%BCn",
            "content-type": "application/json",
        },
        json.dumps(SENT["data"]).encode(),
    ),
    "direct": (SENT, {"content-type": "application/cloudevents+json"}, json.dumps(SENT).encode()),
    "bytes": (
        {**{n: v for n, v in SENT.items() if n != "data"}, "datacontenttype": "image/png", "data_base64": "/wA="},
        {
            **{
                f"ce-{name}": value
                for name, value in SENT.items()
                if name not in {"data", "datacontenttype", "subject"}
            },
            "ce-subject": "gr%C3%BCn",
            "content-type": "image/png",
        },
        b"\xff\x00",
    ),
}
INSIDE = "f.ns.svc.cluster.local"


@pytest.fixture(scope="module")
def receiver(contained):
    return contained(EVENTS, "cloudevent", routes=[]).ready()


def seen(log):
    return [
        (line["attributes"], line["data"]) for line in log if isinstance(line, dict) and line.get("message") == "seen"
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_same_events(receiver, function, kind):
    event, headers, body = KINDS[kind]
    runtime = function(EVENTS, "cloudevent")
    answer = runtime.answer(event)
    assert answer in (None, {"batchItemFailures": []})
    status, _, _, content = receiver.ask("POST", "/", list(headers.items()), body, host=INSIDE)
    assert (status, content) == (204, b"")
    assert seen(receiver.log())[-1] == seen(runtime.log())[-1]


def test_a_failed_event_is_asked_for_again_on_both(receiver, function):
    runtime = function(EVENTS, "cloudevent")
    assert runtime.error({**SENT, "id": "bad"})["errorType"] == "ValueError"
    headers = [("content-type", "application/cloudevents+json")]
    assert receiver.ask("POST", "/", headers, json.dumps({**SENT, "id": "bad"}).encode(), host=INSIDE)[0] == 500


def test_log_lines_have_the_same_fields(receiver, function):
    runtime = function(EVENTS, "cloudevent")
    runtime.answer(SENT)
    headers = [("content-type", "application/cloudevents+json")]
    receiver.ask("POST", "/", headers, json.dumps(SENT).encode(), host=INSIDE)
    lines = [
        next(line for line in reversed(log) if isinstance(line, dict) and line.get("message") == "seen")
        for log in (receiver.log(), runtime.log())
    ]
    for line in lines:
        line.pop("timestamp"), line.pop("requestId")
    assert lines[0] == lines[1]
