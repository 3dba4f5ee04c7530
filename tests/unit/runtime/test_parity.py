"""The same request to the framework's app alone, in a container and through the Lambda adapter: the same answer."""

import base64
import json
import string
from urllib.parse import quote, unquote

import pytest
import werkzeug.test
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slipway_runtime.server_app import Server
from slipway_runtime.server_routes import Routes

from tests.unit.runtime.aws_events import http_event, response_body
from tests.unit.runtime.conftest import ANY, ROOT

# Tells what it was asked, and answers what it was asked for.
ECHO = """
import base64, json
import flask

def f(request):
    seen = {
        "method": request.method,
        "path": request.path,
        "url": request.url,
        "query": list(request.args.items(multi=True)),
        "headers": sorted((k.lower(), v) for k, v in request.headers if not k.lower().startswith(("x-", "function-"))),
        "own": sorted((k.lower(), v) for k, v in request.headers if k.lower().startswith("x-own-")),
        "cookies": sorted(request.cookies.items(multi=True)),
        "form": list(request.form.items(multi=True)),
        "body": base64.b64encode(request.get_data()).decode(),
        "client": request.remote_addr,
        "scheme": request.scheme,
    }
    wish = json.loads(base64.b64decode(request.headers.get("X-Own-Wish", "e30=")))
    body = base64.b64decode(wish["body"]) if "body" in wish else json.dumps(seen)
    response = flask.Response(body, wish.get("status", 200), [tuple(h) for h in wish.get("headers", [])])
    for name, value in wish.get("cookies", []):
        response.set_cookie(name, value, httponly=True)
    return response
"""

NAMES = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=12)
VALUES = st.text(string.ascii_letters + string.digits + " !#$%&'()*+-./:;<=>?@[]^_`{|}~\"", max_size=30).map(str.strip)
TOKENS = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1, max_size=20)
SEGMENTS = st.text(min_size=1, max_size=8).map(lambda text: text.encode("utf-8", "replace").decode())
QUERY = st.lists(st.tuples(SEGMENTS, SEGMENTS), max_size=5)


@pytest.fixture
def both(start):
    """`both(method, target, headers, body, front)` gives the two answers as (status, headers, cookies, body)."""
    adapter = start(ECHO)
    routes = Routes.read(json.dumps({"routes": [ROOT, ANY], "tokens": None}))
    server = Server(adapter._app, "http", routes, None, concurrency=1)
    alone, contained = (werkzeug.test.Client(app, use_cookies=False) for app in (adapter._app, server))

    def ask(method, target, headers, body, front):
        host = http_event(front=front)["headers"]["host"]
        event = http_event(method, target, headers, body, front=front)
        through = adapter.handle(json.loads(json.dumps(event)), None)
        sent = {name: value for name, value in event["headers"].items() if name != "host"}
        if "cookies" in event:
            sent["cookie"] = "; ".join(event["cookies"])
        path, _, query = target.partition("?")

        def open_(client, address):
            answer = client.open(
                query_string=query,
                base_url=f"https://{host}",
                method=method,
                headers=list(sent.items()),
                data=body or None,
                environ_overrides={"REMOTE_ADDR": address, "PATH_INFO": unquote(path, "latin-1")},
                buffered=True,
            )
            plain = {name.lower(): value for name, value in answer.headers if name.lower() != "set-cookie"}
            return answer.status_code, plain, answer.headers.getlist("Set-Cookie"), answer.get_data()

        direct = open_(alone, "203.0.113.7")
        # What connects to a container is a proxy.
        assert open_(contained, "127.0.0.1") == direct
        return direct, (through["statusCode"], through["headers"], through["cookies"], response_body(through))

    return ask


def quoted(segment):
    return quote(segment, safe="")


@pytest.mark.parametrize("front", ["api", "url"])
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
    # A slash inside a segment and dot segments are changed by HTTP APIs and by clients, before anything of ours.
    path=st.lists(SEGMENTS.filter(lambda s: "/" not in s and s not in {".", ".."}), max_size=4),
    query=QUERY,
    headers=st.lists(st.tuples(NAMES.map("X-Own-A{}".format), VALUES), max_size=5),
    cookies=st.lists(st.tuples(TOKENS, TOKENS), max_size=4),
    body=st.binary(max_size=200),
    content_type=st.sampled_from(["application/json", "text/plain; charset=utf-8", "application/octet-stream"]),
)
def test_requests(  # noqa: PLR0917 - one argument for each part of a request
    both, front, method, path, query, headers, cookies, body, content_type
):
    target = "/" + "/".join(map(quoted, path))
    if query:
        target += "?" + "&".join(f"{quoted(name)}={quoted(value)}" for name, value in query)
    sent = [*headers, ("Content-Type", content_type)]
    if cookies:
        sent.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies)))
    direct, through = both(method, target, sent, body, front)
    assert through == direct


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=st.sampled_from([200, 201, 204, 206, 301, 304, 400, 404, 418, 500, 503]),
    headers=st.lists(st.tuples(NAMES.map("X-Own-A{}".format), VALUES), max_size=5, unique_by=lambda h: h[0].lower()),
    cookies=st.lists(st.tuples(TOKENS, st.text(max_size=20)), max_size=4),
    body=st.binary(max_size=300),
)
def test_answers(both, status, headers, cookies, body):
    wish = {"status": status, "headers": headers, "cookies": cookies, "body": base64.b64encode(body).decode()}
    asked = base64.b64encode(json.dumps(wish).encode()).decode()
    direct, through = both("GET", "/", [("X-Own-Wish", asked)], b"", "api")
    assert through == direct


@pytest.mark.parametrize(
    "target", ["//a", "/a//b", "/robots.txt", "/favicon.ico", "/?", "/a?b", "/a?b=%", "/%zz", "/a+b?c+d"]
)
@pytest.mark.parametrize("front", ["api", "url"])
def test_odd_targets(both, target, front):
    direct, through = both("GET", target, [], b"", front)
    assert through == direct


def test_forms(both):
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    direct, through = both("POST", "/", headers, b"a=1&a=2&b=%C3%BC", "url")
    assert through == direct
    assert json.loads(through[3])["form"] == [["a", "1"], ["a", "2"], ["b", "ü"]]


def test_the_comparison_sees_differences(both):
    direct, _ = both("GET", "/a?b=1", [("X-Own-A", "x")], b"", "api")
    seen = json.loads(direct[3])
    assert (seen["path"], seen["query"], seen["own"], seen["client"]) == (
        "/a",
        [["b", "1"]],
        [["x-own-a", "x"]],
        "203.0.113.7",
    )
