import json

import pytest
import werkzeug.wrappers
from hypothesis import given
from hypothesis import strategies as st
from slipway_runtime.errors import StartupError
from slipway_runtime.server_routes import Cors, Routes
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from tests.unit.runtime.conftest import CORS
from toolchain.embedded_aws import cors as embedded_cors
from toolchain.embedded_aws import http_routes

PARTS = st.sampled_from(["orders", "a", "{id}", "{name}"])
PATTERNS = st.builds(
    lambda parts, last: "/" + "/".join([*parts, *last]),
    st.lists(PARTS, max_size=3),
    st.sampled_from([[], ["{rest+}"]]),
)
METHODS = st.sampled_from(["GET", "POST", "ANY"])
PATHS = st.lists(st.sampled_from(["orders", "a", "b", "", "x y"]), max_size=4).map(lambda parts: "/" + "/".join(parts))


def routes(*items, tokens=None):
    full = [{"methods": ["ANY"], "auth": "none", "visibility": "public", "cors": None} | item for item in items]
    return Routes.read(json.dumps({"routes": full, "tokens": tokens}))


@given(
    keys=st.lists(st.tuples(METHODS, PATTERNS), max_size=5, unique=True),
    method=st.sampled_from(["GET", "POST"]),
    path=PATHS,
)
def test_the_same_route_as_the_embedded_api_gateway(keys, method, path):
    ours = routes(*({"path": pattern, "methods": [m]} for m, pattern in keys)).find(method, path, outside=True)
    theirs = http_routes.best([f"{m} {pattern}" for m, pattern in keys], method, path)
    if theirs is None:
        assert ours is None
        return
    assert ours is not None
    # Patterns that differ in their parameters' names alone are the same route, and API Gateway refuses the second.
    found = f"{ours.methods[0]} {ours.path}"
    assert found == theirs.key or found.replace("{id}", "{name}") == theirs.key.replace("{id}", "{name}")


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/orders", "/orders"),
        ("POST", "/orders", None),
        ("GET", "/orders/", None),
        ("GET", "/orders/1", "/orders/{id}"),
        ("GET", "/orders/new", "/orders/new"),
        ("GET", "/orders/1/lines", "/orders/{id}/{rest+}"),
        ("GET", "/", None),
        ("GET", "//orders", None),
    ],
)
def test_the_most_specific_route_wins(method, path, found):
    table = routes(
        {"path": "/orders/{id}/{rest+}"},
        {"path": "/orders/{id}"},
        {"path": "/orders/new"},
        {"path": "/orders", "methods": ["GET"]},
    )
    route = table.find(method, path, outside=True)
    assert (route and route.path) == found


def test_internal_routes_are_not_seen_from_outside():
    table = routes({"path": "/a", "visibility": "internal"}, {"path": "/b"})
    assert table.find("GET", "/a", outside=True) is None
    assert table.find("GET", "/a", outside=False).path == "/a"
    assert table.internal
    assert not routes({"path": "/b"}).internal


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "SLIPWAY_ROUTES is not set"),
        ("", "SLIPWAY_ROUTES is not set"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"routes": [{"path": "/"}]}', "cannot be read: KeyError"),
        ('{"routes": [{"path": "/", "methods": ["ANY"], "auth": "iam", "visibility": "public"}]}', "auth must be none"),
        ('{"routes": [{"path": "/", "methods": ["ANY"], "auth": "token", "visibility": "public"}]}', "needs an issuer"),
    ],
)
def test_wrong_routes_end_the_start(text, said):
    with pytest.raises(StartupError, match=said):
        Routes.read(text)


ORIGINS = st.sampled_from([None, "https://shop.example.com", "https://a.example.org", "https://evil.example.net"])


@given(
    origin=ORIGINS,
    wanted=st.sampled_from([None, "GET", "DELETE"]),
    origins=st.sampled_from([["*"], CORS["origins"]]),
    methods=st.sampled_from([["*"], ["GET"], ["GET", "POST"]]),
    credentials=st.booleans(),
)
def test_cross_origin_answers_are_those_of_the_embedded_api_gateway(origin, wanted, origins, methods, credentials):
    sent = Headers([("Origin", origin)] if origin else [])
    if wanted:
        sent["Access-Control-Request-Method"] = wanted
    ours = Cors(origins, methods, ["content-type", "x-a"], credentials, 300)
    theirs = embedded_cors.Rules.read(
        {
            "allowOrigins": origins,
            "allowMethods": methods,
            "allowHeaders": ["content-type", "x-a"],
            "maxAge": 300,
            "allowCredentials": credentials,
        }
    )
    request = werkzeug.wrappers.Request(EnvironBuilder(method="OPTIONS", headers=sent).get_environ())
    if wanted:
        mine, reference = ours.preflight(sent), theirs.preflight(request)
        assert (mine.status_code, sorted(mine.headers)) == (reference.status_code, sorted(reference.headers))
    mine, reference = werkzeug.wrappers.Response(), werkzeug.wrappers.Response()
    for response in (mine, reference):
        response.headers["Access-Control-Allow-Origin"] = "the function's own"
    ours.apply(sent, mine.headers)
    theirs.apply(request, reference)
    assert sorted(mine.headers) == sorted(reference.headers)
