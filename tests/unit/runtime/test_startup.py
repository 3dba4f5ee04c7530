import importlib
import json
import logging
import sys

import pytest
from slipway_runtime import secrets, startup
from slipway_runtime.errors import StartupError

from tests.unit.runtime.aws_events import http_event


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("def order(r): ...\n", "ordr", r"main\.py is expected to contain a function named 'ordr'\. Found: 'order'"),
        ("f = 3\n", "f", "needs to be of type function"),
        ("import no_such_module\n", "f", r"no module 'no_such_module' in the package; add it to requirements\.in"),
        ("def f(:\n", "f", r"main\.py cannot be imported: SyntaxError: .*main\.py, line 1"),
        ("raise RuntimeError('no database')\n", "f", r"main\.py cannot be imported: RuntimeError: no database"),
    ],
)
def test_sources_that_cannot_start(start, source, target, message):
    with pytest.raises(StartupError, match=message):
        start(source, target)


def test_traceback_of_a_failing_import_is_in_the_log(start, caplog):
    with pytest.raises(StartupError):
        start("raise RuntimeError('no database')\n")
    [record] = [record for record in caplog.records if record.exc_info]
    assert record.getMessage() == "main.py cannot be imported"
    assert "no database" in str(record.exc_info[1])


def test_missing_file(start, monkeypatch):
    start("def f(r): ...\n")
    monkeypatch.setenv("FUNCTION_SOURCE", "nowhere.py")
    with pytest.raises(StartupError, match=r"File nowhere\.py .* doesn't exist"):
        startup.start()


def test_missing_target(start, monkeypatch):
    start("def f(r): ...\n")
    monkeypatch.delenv("FUNCTION_TARGET")
    with pytest.raises(StartupError, match="FUNCTION_TARGET is not set"):
        startup.start()


def test_unknown_signature(start):
    with pytest.raises(StartupError, match="must be one of http, cloudevent; found event"):
        start("def f(r): ...\n", signature="event")


def test_asynchronous_functions_are_refused_with_the_reason(start, monkeypatch):
    monkeypatch.setitem(sys.modules, "starlette", None)
    for name in [name for name in sys.modules if name.startswith(("starlette.", "functions_framework.aio"))]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(StartupError, match=r"functions_framework\.aio, which no target serves"):
        start("from functions_framework.aio import http\n")


def test_asynchronous_functions_are_refused_also_where_starlette_is_there(start):
    with pytest.raises(StartupError, match="no target serves"):
        start("from functions_framework import aio\n@aio.http\nasync def f(request): ...\n")


def test_decorator_wins_over_the_variable(start):
    source = "import functions_framework\n@functions_framework.cloud_event\ndef decorated(e): print(e['id'])\n"
    adapter = start(source, "decorated", "http")
    assert adapter.handle({"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}, None) is None


def test_secrets_are_there_when_the_module_is_imported(start, monkeypatch, tmp_path):
    start("def f(r): ...\n")
    (tmp_path / "main.py").write_text("import os\nPASSWORD = os.environ['DB_PASSWORD']\ndef f(r): return PASSWORD\n")
    monkeypatch.setenv("DB_PASSWORD", "")
    monkeypatch.setenv("SLIPWAY_SECRETS", json.dumps({"DB_PASSWORD": {"arn": "a", "field": None}}))
    monkeypatch.setattr(secrets, "_fetcher", lambda: lambda arn, where: "hunter2")
    assert startup.start().handle(http_event(), None)["body"] == "hunter2"


def test_records_carry_the_function(start, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "slipway-local-orders")
    seen = []
    handler = logging.Handler()
    handler.emit = seen.append
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    start("import logging\ndef f(r):\n    logging.getLogger('mine').warning('x')\n    return 'ok'\n").handle(
        http_event(), None
    )
    assert [record.function for record in seen if record.name == "mine"] == ["slipway-local-orders"]


def test_importing_the_handler_module_starts_the_function(start):
    start("def f(r): return 'started'\n")
    sys.modules.pop("slipway_runtime.lambda_handler", None)
    module = importlib.import_module("slipway_runtime.lambda_handler")
    assert module.handle(http_event(), None)["body"] == "started"
