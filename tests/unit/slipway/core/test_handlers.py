"""Handlers are read, never run: what they are, and which cannot be called."""

import pytest

from slipway.core.findings import Severity


def rules(box):
    return sorted(finding.rule for finding in box.load().findings)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", "functions/orders/function.yaml:3:10: main.py has no function 'main'"),
        ("def mian(request): ...", "functions there: mian"),
        ("main = print", "'main' is defined otherwise in line 1 (handler main:main); define it with def"),
        ("class main: ...", "'main' is defined otherwise"),
        ("from x import main", "'main' is defined otherwise"),
        ("def main(r): ...\nmain = 3", "'main' is defined otherwise in line 2"),
        ("class A:\n    def main(self): ...", "has no function 'main'"),
        ("def main(:", "functions/orders/main.py:1:10: is not valid Python: invalid syntax; correct it"),
        ("x = (\ndef main(r): ...", "functions/orders/main.py:1:5: is not valid Python: '(' was never closed"),
        ("def main(r):\n\tif r:\n        pass", "functions/orders/main.py:3:"),
        ("x = '\x00'\ndef main(r): ...", "is not valid Python"),
        ("async def main(r): ...", "functions/orders/main.py:1:1: handler 'main' is async, which no target calls"),
        ("def main(): ...", "handler 'main' takes 0 positional parameters; take one"),
        ("def main(a, b, c): ...", "handler 'main' takes 3 positional parameters"),
        ("def main(*args): ...", "handler 'main' takes *args or required keywords"),
        ("def main(r, *, key): ...", "handler 'main' takes *args or required keywords"),
        (
            "import functions_framework as ff\n@ff.cloud_event\ndef main(e): ...",
            "handler 'main' is decorated for CloudEvents, but its events are http",
        ),
        (
            "from functions_framework import http\n@http\ndef main(a, b): ...",
            "has a decorator of the Functions Framework and two parameters",
        ),
        ("import functions_framework\n@functions_framework.typed(int)\ndef main(a): ...", "the decorator typed is not"),
    ],
)
def test_handlers_that_cannot_be_called(box, source, expected):
    box.function("orders", source=source)
    text = box.only()
    assert expected in text, text


@pytest.mark.parametrize(
    ("source", "signature"),
    [
        ("def main(request): ...", "http"),
        ("def main(request, /): ...", "http"),
        ("def main(request, *, key=1): ...", "http"),
        ("def main(event, context): ...", "lambda"),
        ("def main(event, context=None): ...", "lambda"),
        ("import functions_framework\n@functions_framework.http\ndef main(r): ...", "http"),
        ("import functools\n@functools.cache\ndef main(r): ...", "http"),
        ("main = 3\ndef main(r): ...", "http"),
        ("try:\n    import x\nexcept ImportError:\n    def main(r): ...", "http"),
        ("if True:\n    pass\nelse:\n    def main(r): ...", "http"),
        ("raise SystemExit(1)\ndef main(r): ...", "http"),
    ],
)
def test_handlers_are_read_and_never_run(box, source, signature):
    box.function("orders", source=source)
    loaded = box.load()
    assert loaded.findings == []
    assert loaded.functions["orders"].signature == signature


@pytest.mark.parametrize(
    ("events", "source", "signature"),
    [
        ("events: [schedule: rate(1 day)]", "def main(e): ...", "cloudevent"),
        ("events: [queue: receipts]", "def main(e): ...", "cloudevent"),
        ("events: [{event: {type: a}}]", "def main(e, c): ...", "lambda"),
    ],
)
def test_signature_of_events(box, manifest, events, source, signature):
    box.function("orders", manifest(events), source)
    assert box.load().functions["orders"].signature == signature


def test_a_handler_in_a_package(box, manifest):
    folder = box.function("orders", manifest(handler="app.web:main"), None)
    assert "the handler's file app/web.py does not exist" in box.only("missing-handler")
    (folder / "app").mkdir()
    (folder / "app" / "web.py").write_text("def main(r): ...")
    assert box.lines() == []
    (folder / "app" / "web.py").unlink()
    (folder / "app" / "web").mkdir()
    (folder / "app" / "web" / "__init__.py").write_text("def main(r): ...")
    assert box.lines() == []


def test_source_that_only_a_newer_python_can_check_is_said_to_be_unchecked(box, manifest):
    box.function("orders", manifest(runtime="python3.13"), "type X = int\ndef main(r): ...\n")
    findings = box.load().findings
    # Under Python 3.12 and newer the statement parses.
    assert [finding.rule for finding in findings] in ([], ["syntax-not-checked"])
    assert all(finding.severity is Severity.WARNING for finding in findings)


def test_plain_handlers_have_no_secrets(box, manifest):
    box.function("orders", manifest("secrets: {AA: db}"), "def main(event, context): ...")
    assert rules(box) == ["not-in-catalogue", "not-on-lambda"]


def test_http_beside_other_events(box, manifest):
    box.function("orders", manifest("events: [{http: {path: /a}}, {queue: receipts}]"))
    assert "split it into two functions" in box.only("mixed-events")


def test_a_function_without_events_is_an_info(box, manifest):
    box.function("orders", manifest("events: []"))
    box.only("no-events")
    assert box.load().findings[0].severity is Severity.INFO
    assert "orders" in box.load().functions


def test_a_repeated_event(box, manifest):
    box.function("orders", manifest("events: [{queue: receipts}, {queue: {name: receipts}}]"))
    assert "events[1] repeats events[0]" in box.only("repeated-event")
