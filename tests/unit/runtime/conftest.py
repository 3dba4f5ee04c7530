"""Loads a function from source text the way a package does, one after the other in the same process."""

import json
import sys
import textwrap
import types

import pytest


@pytest.fixture
def lambda_context():
    return types.SimpleNamespace(aws_request_id="5f0a8a4e-6ed1-4b6c-9d3c-1f2e3d4c5b6a")


@pytest.fixture
def variables(tmp_path, monkeypatch):
    """`variables(source, target, signature)` writes main.py and sets what names the function in it."""
    from functions_framework import _function_registry

    def load(source, target="f", signature="http"):
        (tmp_path / "main.py").write_text(textwrap.dedent(source))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        monkeypatch.setitem(sys.modules, "main", None)
        # What decorators of earlier sources left behind.
        monkeypatch.setattr(_function_registry, "REGISTRY_MAP", {})
        monkeypatch.setattr(_function_registry, "ASGI_FUNCTIONS", set())
        monkeypatch.setenv("FUNCTION_SOURCE", "main.py")
        monkeypatch.setenv("FUNCTION_TARGET", target)
        monkeypatch.setenv("FUNCTION_SIGNATURE_TYPE", signature)
        monkeypatch.delenv("SLIPWAY_SECRETS", raising=False)

    return load


@pytest.fixture
def start(variables):
    """`start(source, target, signature)` gives the adapter that serves a function on Lambda."""
    from slipway_runtime import startup

    def load(*source, **options):
        variables(*source, **options)
        return startup.start()

    return load


ANY = {"path": "/{all+}", "methods": ["ANY"], "auth": "none", "visibility": "public", "cors": None}
ROOT = ANY | {"path": "/"}
CORS = {
    "origins": ["https://shop.example.com", "https://*.example.org"],
    "methods": ["GET", "POST"],
    "headers": ["x-a", "content-type"],
    "credentials": False,
    "max_age_s": 300,
}


@pytest.fixture
def serve(variables):
    """`serve(source, target, signature, routes=...)` gives a client of the server that a container runs."""
    import functools

    import werkzeug.test
    from slipway_runtime import server

    def load(*source, routes=(ROOT, ANY), tokens=None, concurrency=1, **options):
        variables(*source, **options)
        text = json.dumps({"routes": list(routes), "tokens": tokens})
        app = server.build({"SLIPWAY_ROUTES": text, "SLIPWAY_CONCURRENCY": str(concurrency)})
        client = werkzeug.test.Client(app, use_cookies=False)
        client.open = functools.partial(client.open, buffered=True)  # as servers do, it closes each answer
        return client

    return load


@pytest.fixture
def received(start):
    """`received(event)` serves an event and gives what the function got: attributes and data."""

    def serve(event, context=None):
        adapter = start(
            """
            SEEN = []

            def f(event):
                SEEN.append((event.get_attributes(), event.data))
            """,
            signature="cloudevent",
        )
        adapter.handle(event, context)
        [(attributes, data)] = sys.modules["main"].SEEN
        return attributes, data

    return serve


@pytest.fixture
def delivered(serve):
    """`delivered(headers, body)` hands over an event as a broker does and gives what the function got."""

    def deliver(headers, body=b"", host="f.ns.svc.cluster.local"):
        client = serve(
            """
            SEEN = []

            def f(event):
                SEEN.append((event.get_attributes(), event.data))
            """,
            signature="cloudevent",
            routes=(),
        )
        answer = client.post("/", headers=headers, data=body, base_url=f"http://{host}")
        assert (answer.status_code, answer.data) == (204, b""), answer.data
        [(attributes, data)] = sys.modules["main"].SEEN
        return attributes, data

    return deliver
