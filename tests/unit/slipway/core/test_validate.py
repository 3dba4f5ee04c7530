"""The whole project: folders, dependencies, examples, and what others build on."""

import os

import pytest

from slipway.core.errors import BadInputError

STACK = """\
config:
  slipway:target: lambda
  slipway:aws: {account: "123456789012", region: eu-central-1}
"""


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
        ("[]", "functions/orders/example.json: is not a JSON object; its keys are method, path"),
        ('{"mthod": "GET"}', "example.json: unknown key 'mthod', did you mean 'method'?; allowed: body, data"),
        ('{"method": "get"}', "example.json: method must be an HTTP method in capitals, found 'get'; correct"),
        ('{"status": 99}', "example.json: status must be 100-599, found 99"),
        ('{"status": "200"}', "status must be a whole number (100-599), found '200'; remove the quotes"),
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


def test_all_mistakes_of_an_example_are_shown(box):
    box.function("orders", example__json='{"pth": "/x", "status": 1000, "headers": {"a": 1}}')
    assert [line.partition("example.json: ")[2].partition(";")[0] for line in box.lines()] == [
        "headers.a must be text, found 1",
        "status must be 100-599, found 1000",
        "unknown key 'pth', did you mean 'path'?",
    ]


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
