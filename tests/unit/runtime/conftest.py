"""Loads a function from source text the way a package does, one after the other in the same process."""

import sys
import textwrap
import types

import pytest


@pytest.fixture
def lambda_context():
    return types.SimpleNamespace(aws_request_id="5f0a8a4e-6ed1-4b6c-9d3c-1f2e3d4c5b6a")


@pytest.fixture
def start(tmp_path, monkeypatch):
    """`start(source, target, signature)` writes main.py and gives the adapter that serves it."""
    from functions_framework import _function_registry
    from slipway_runtime import startup

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
        return startup.start()

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
