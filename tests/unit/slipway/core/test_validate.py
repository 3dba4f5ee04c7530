"""The whole project: folders, handlers, dependencies, and what must hold between functions and environments."""

import os

import pytest

from slipway.core.errors import BadInputError
from slipway.core.findings import Severity

FILE = "functions/orders/function.yaml"
TOKENS = "  slipway:http: {tokens: {issuer: https://login.example.com, audience: [x]}}\n"
STACK = """\
config:
  slipway:target: lambda
  slipway:aws: {account: "123456789012", region: eu-central-1}
"""


def rules(box):
    return sorted(finding.rule for finding in box.load().findings)


# Folders


@pytest.mark.parametrize("name", ["Orders", "order_items", "-orders", "orders-", "o" * 41, "bestellung-ä", "a b"])
def test_bad_names(box, manifest, name):
    box.function(name, manifest().replace("/orders", "/other"))
    assert "is not a function's name; rename the folder: use 1-40 lower-case" in box.only("bad-name")


@pytest.mark.parametrize("name", ["o", "0", "o" * 40, "a-b-c"])
def test_good_names(box, manifest, name):
    box.function(name, manifest().replace("/orders", "/other"))
    assert box.lines() == []


def test_what_is_no_function(box):
    functions = box.root / "functions"
    (functions / "shared").mkdir()
    (functions / "shared" / "money.py").write_text("")
    (functions / "README.md").write_text("")
    (functions / ".cache").mkdir()
    (functions / ".cache" / "x").write_text("")
    (functions / "removed" / "__pycache__").mkdir(parents=True)
    (functions / "removed" / "__pycache__" / "main.pyc").write_bytes(b"")
    loaded = box.load()
    assert loaded.findings == []
    assert list(loaded.functions) == ["orders"]
    assert loaded.function_count == 1


def test_a_project_without_functions(tmp_path, box):
    (box.root / "functions").rename(box.root / "elsewhere")
    loaded = box.load()
    assert (loaded.functions, loaded.findings) == ({}, [])


def test_a_missing_manifest(box, manifest):
    folder = box.function("other", None)
    assert box.only("missing-file") == (
        "functions/other/function.yaml: does not exist; describe the function there, or remove the folder"
    )
    (folder / "function.yml").write_text(manifest())
    assert "rename function.yml" in box.only("missing-file")


def test_links_may_not_leave_the_folder(box, tmp_path):
    folder = box.root / "functions" / "orders"
    (box.root / "secret.txt").write_text("x")
    (folder / "data").mkdir()
    (folder / "data" / "link.txt").symlink_to(box.root / "secret.txt")
    assert box.only("symlink-outside").startswith("functions/orders/data/link.txt: is a symbolic link that leaves")
    (folder / "data" / "link.txt").unlink()
    (folder / "data" / "link.txt").symlink_to("../main.py")
    assert box.lines() == []


def test_a_manifest_or_handler_that_is_a_link_to_the_outside(box, manifest):
    folder = box.root / "functions" / "orders"
    for name in ("function.yaml", "main.py"):
        outside = box.root / name
        (folder / name).rename(outside)
        (folder / name).symlink_to(outside)
        assert {finding.rule for finding in box.load().findings} == {"symlink-outside"}
        (folder / name).unlink()
        outside.rename(folder / name)


def test_a_function_that_is_a_link(box):
    (box.root / "elsewhere").mkdir()
    (box.root / "functions" / "linked").symlink_to(box.root / "elsewhere")
    assert box.only("symlink-outside").startswith("functions/linked: is a symbolic link, not a folder")


def test_special_files(box):
    os.mkfifo(box.root / "functions" / "orders" / "pipe")
    assert "is neither a file nor a folder" in box.only("not-a-file")


def test_a_folder_that_cannot_be_read(box, manifest, monkeypatch):
    real = os.scandir
    locked = box.root / "functions" / "orders" / "locked"
    locked.mkdir()

    def scandir(path="."):
        if os.fspath(path) == os.fspath(locked):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path)

    monkeypatch.setattr("os.scandir", scandir)
    monkeypatch.setattr("os.listdir", lambda path: [entry.name for entry in scandir(path)])
    box.function("others", manifest().replace("/orders", "/others"))
    assert box.only("unreadable-file").startswith("functions/orders/locked: cannot be read: Permission denied")
    assert list(box.load().functions) == ["others"]


def test_names_of_files_that_cannot_be_printed(box):
    (box.root / "functions" / "orders" / os.fsdecode(b"a\xff\nb")).symlink_to("nowhere")
    assert box.only("symlink-outside").startswith("functions/orders/a\\udcff\\nb: is a symbolic link")


# Handlers


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
    assert rules(box) == ["not-in-catalogue", "plain-secrets"]


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


# Dependencies and the example


@pytest.mark.parametrize(
    ("wanted", "locked", "expected"),
    [
        (
            "flask>=3\n",
            None,
            "functions/orders/requirements.in: has no requirements.txt beside it; run slipway lock orders",
        ),
        ("flask>=3\n", "", "functions/orders/requirements.in:1:1: flask is not in requirements.txt; run slipway lock"),
        (None, "flask==3.0\n", "functions/orders/requirements.txt:1:1: 'flask==3.0' is not pinned by == and --hash"),
        (None, "# x\nflask>=3 --hash=sha256:0\n", "functions/orders/requirements.txt:2:1: 'flask>=3' is not pinned"),
        (
            "flask>=3\n!!\n",
            "flask==3.0 --hash=sha256:0\n",
            "functions/orders/requirements.in:2:1: '!!' is not a requirement",
        ),
        (None, b"\xff", "functions/orders/requirements.txt: is not UTF-8"),
    ],
)
def test_dependencies_that_are_not_locked(box, wanted, locked, expected):
    folder = box.root / "functions" / "orders"
    for name, content in (("requirements.in", wanted), ("requirements.txt", locked)):
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    text = box.only()
    assert text.startswith(expected), text


def test_locked_dependencies(box):
    folder = box.root / "functions" / "orders"
    (folder / "requirements.in").write_text("-c other.txt\nFlask[async]>=3  # why\nmy_package\n")
    (folder / "requirements.txt").write_text(
        "# made by uv\nflask[async]==3.0 ; python_version < '4' \\\n    --hash=sha256:0 \\\n    --hash=sha256:1\n"
        "    # via -r requirements.in\nmy-package==1 --hash=sha256:2\n"
    )
    assert box.lines() == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"method": "GET", "path": "/x", "headers": {}, "body": {"a": null}, "status": 200}', None),
        ('{"data": [1, 2]}', None),
        ("{", "functions/orders/example.json:1:2: is not valid JSON"),
        ("[]", "functions/orders/example.json: the file: "),
        ('{"mthod": "GET"}', "mthod: "),
        ('{"method": "get"}', "method: "),
        ('{"status": 99}', "status: "),
        ("[" * 100_000, "is not valid JSON: nested too deep"),
        ("1" * 5000, "is not valid JSON"),
    ],
)
def test_examples(box, content, expected):
    box.function("orders", example__json=content)
    lines = box.lines()
    assert len(lines) == (1 if expected else 0), lines
    assert expected is None or expected in lines[0]
    if expected is None:
        assert box.load().functions["orders"].example is not None


# Between functions


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("path: /a, methods: [GET]", "path: /a, methods: [GET]", True),
        ("path: /a, methods: [GET]", "path: /a, methods: [POST]", False),
        ("path: /a, methods: [GET]", "path: /a", True),
        ("path: /a", "path: /a, methods: [GET]", True),
        ("path: '/a/{id}'", "path: '/a/{name}'", True),
        ("path: '/a/{id}'", "path: '/a/{id+}'", False),
        ("path: '/a/{id}'", "path: /a/b", False),
        ("path: /a", "path: /A", False),
    ],
)
def test_duplicate_routes_across_functions(box, manifest, first, second, clash):
    for name, route in (("orders", first), ("zorders", second)):
        box.function(name, manifest(f"events:\n  - http: {{{route}, visibility: public}}"))
    if not clash:
        assert box.lines() == []
        return
    text = box.only("duplicate-route")
    assert text.startswith("functions/zorders/function.yaml:5:")
    assert "already a route of function 'orders' (functions/orders/function.yaml:5:5)" in text


def test_internal_routes_have_an_address_for_each_function(box, manifest):
    for name in ("orders", "others"):
        box.function(name, manifest("events:\n  - http: {path: /a}"))
    assert box.lines() == []
    box.function("others", manifest("events:\n  - http: {path: /a}\n  - http: {path: /a}"))
    box.only("duplicate-route")


def test_routes_of_functions_that_are_never_deployed_together(box, manifest):
    box.function("others", manifest())
    box.stack("dev", STACK + "  slipway:functions: {others: {enabled: false}}\n")
    box.stack("prod", STACK + "  slipway:functions: {orders: {enabled: false}}\n")
    loaded = box.load()
    assert loaded.findings == []
    assert list(loaded.deployed("dev")) == ["orders"]
    assert list(loaded.deployed("prod")) == ["others"]


def test_public_routes_share_cross_origin_rules(box, manifest):
    route = "events:\n  - http: {{path: /{0}, visibility: public, cors: {{origins: [https://{1}.example]}}}}"
    box.function("orders", manifest(route.format("a", "x")))
    box.function("others", manifest(route.format("b", "x")))
    assert box.lines() == []
    box.function("others", manifest(route.format("b", "y")))
    assert "differs from that of function 'orders' in dev" in box.only("different-cors")


def test_two_functions_on_one_queue_are_a_warning(box, manifest):
    for name in ("orders", "others"):
        box.function(name, manifest("events: [queue: receipts]"))
    box.only("shared-queue")
    assert box.load().findings[0].severity is Severity.WARNING
    assert set(box.load().functions) == {"orders", "others"}


# Between functions and environments


def test_what_is_missing_is_said_once_for_all_environments(box, manifest):
    box.function("orders", manifest("uses: [{queue: nothing, can: [send]}]"))
    box.stack("prod", STACK)
    box.stack("test", STACK + "  slipway:functions: {orders: {enabled: false}}\n")
    found = box.load().findings
    # The two catalogues differ, and so do the names that may be meant.
    assert [finding.message for finding in found] == [
        "queue 'nothing' is not in the catalogue of dev",
        "queue 'nothing' is not in the catalogue of prod",
    ]
    assert [finding.environment for finding in found] == ["dev", "prod"]
    box.stack("dev", STACK)
    assert "is not in the catalogue of dev, prod" in box.only("not-in-catalogue")
    assert box.load().findings[0].environment is None
    assert [finding.environment for finding in box.load(["prod"]).findings] == ["prod"]


def test_secrets_of_the_catalogue(box, manifest):
    box.function("orders", manifest("secrets: {AA: db/password}"))
    assert "secrets.AA names no secret in the catalogue of dev" in box.only("not-in-catalogue")
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf"
    box.stack("dev", STACK + f"  slipway:resources: {{secret: {{db: {{arn: '{arn}'}}}}}}\n")
    assert box.lines() == []


def test_tokens_need_an_issuer_in_each_environment(box, manifest):
    box.function("orders", manifest("events:\n  - http: {path: /a, auth: token, visibility: public}"))
    box.stack("prod", STACK + TOKENS)
    assert "events[0].http.auth is token, but dev has no issuer" in box.only("no-token-issuer")
    box.stack("dev", STACK + TOKENS)
    assert box.lines() == []


def test_fifo_queues(box, manifest):
    box.stack("dev", STACK + "  slipway:resources: {queue: {q: {create: true, fifo: true}}}\n")
    box.function("orders", manifest("events: [queue: {name: q, window: 1}]"))
    assert "set batch to at most 10 and remove window" in box.only("fifo-batch")
    box.function("orders", manifest("events: [queue: q]"))
    assert box.lines() == []


def test_the_visibility_timeout_of_an_adopted_queue_is_said_to_be_unchecked(box, manifest):
    arn = "arn:aws:sqs:eu-central-1:123456789012:q"
    box.stack("dev", STACK + f"  slipway:resources: {{queue: {{q: {{arn: '{arn}'}}}}}}\n")
    box.function("orders", manifest("timeout: 42\nevents: [queue: q]"))
    assert "is not checked; it must be at least the function's timeout, 42 seconds" in box.only("queue-visibility")
    assert box.load().findings[0].severity is Severity.INFO


def test_variables_of_an_environment_count_too(box, manifest):
    box.function("orders", manifest("environment: {BIG: " + "x" * 3000 + "}"))
    box.stack("dev", STACK + "  slipway:functions: {orders: {environment: {MORE: " + "x" * 1200 + "}}}\n")
    assert "environment has 4207 bytes with that of dev, Lambda takes 4096" in box.only("variables-size")


# What others build on


def test_only_right_functions_are_handed_out(box, manifest):
    box.function("wrong", manifest("memory: 1").replace("/orders", "/wrong"))
    loaded = box.load()
    assert list(loaded.functions) == ["orders"]
    assert loaded.function_count == 2
    with pytest.raises(BadInputError, match="1 error; nothing was done") as caught:
        loaded.require_valid()
    assert [finding.function for finding in caught.value.findings] == ["wrong"]


def test_choosing_functions(box, manifest):
    box.function("others", manifest().replace("/orders", "/others"))
    box.stack("dev", STACK + "  slipway:functions: {others: {enabled: false}}\n")
    loaded = box.load()
    loaded.require_valid()
    assert list(loaded.deployed("dev", ["orders"])) == ["orders"]
    with pytest.raises(BadInputError, match="'ordrs' is not a function of dev, did you mean 'orders'"):
        loaded.deployed("dev", ["ordrs"])
    with pytest.raises(BadInputError, match="'others' is switched off in dev"):
        loaded.deployed("dev", ["others"])
