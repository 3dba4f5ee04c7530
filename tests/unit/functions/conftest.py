"""Loads the sample functions as their packages would: own folder, shared code, the adapter in front."""

import contextlib
import json
import sys
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

ROOT = Path(__file__).parents[3]


@pytest.fixture
def sample(monkeypatch):
    """`sample(name, target, signature)` gives (adapter, the function's module, its example)."""
    from slipway_runtime import startup

    before = set(sys.modules)

    def load(name, target, signature="http"):
        folder = ROOT / "functions" / name
        monkeypatch.setattr(sys, "path", [str(folder), str(folder.parent), *sys.path])
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        monkeypatch.setenv("FUNCTION_SOURCE", str(folder / "main.py"))
        monkeypatch.setenv("FUNCTION_TARGET", target)
        monkeypatch.setenv("FUNCTION_SIGNATURE_TYPE", signature)
        adapter = startup.start()
        return adapter, sys.modules["main"], json.loads((folder / "example.json").read_text())

    yield load
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"main", "model", "shared"}:
            with contextlib.suppress(KeyError):
                del sys.modules[name]


@pytest.fixture
def receipts_queue(monkeypatch):
    """(client, address) of the queue `receipts`, as a function finds it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("sqs")
        url = client.create_queue(QueueName="receipts")["QueueUrl"]
        monkeypatch.setenv("QUEUE_RECEIPTS_URL", url)
        yield client, url
