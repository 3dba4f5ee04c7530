import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from slipway.artifacts.facts import FactsCache
from slipway.artifacts.inputs import Collector
from slipway.core.errors import BadInputError

ADAPTER = ["slipway_runtime/__init__.py", "slipway_runtime/lambda_handler.py"]


def rendered(error):
    return [finding.render() for finding in error.value.findings]


def test_the_package_holds_own_files_the_adapter_and_what_is_imported(add, collect, project):
    add("functions/orders/main.py", "from shared import money\n")
    add("functions/shared/money.py", "from . import rates\n")
    add("functions/shared/rates.py")
    add("functions/shared/queues.py")
    add("functions/orders/templates/mail.md", "Hello")
    inputs = collect()
    assert list(inputs.files) == [
        "main.py",
        "shared/__init__.py",
        "shared/money.py",
        "shared/rates.py",
        *ADAPTER,
        "templates/mail.md",
    ]
    assert inputs.lock == project.runtime / "requirements.txt"
    assert inputs.roots == ("framework",)
    assert inputs.cut == ("server",)
    assert inputs.paths == (
        "functions/orders/",
        "functions/shared/__init__.py",
        "functions/shared/money.py",
        "functions/shared/rates.py",
        "runtime/slipway_runtime/",
        "runtime/requirements.txt",
    )


@pytest.mark.parametrize(
    "name",
    ["README", "README.md", "docs/README.rst", "notes.md", "tests/test_main.py", ".env", ".venv/x.py", "a/.hidden/x", "a/__pycache__/b.pyc", "main.pyc", "example.json", "function.yaml"],
)  # fmt: skip
def test_what_does_not_travel_changes_no_digest(add, collect, name):
    before = collect()
    add(f"functions/orders/{name}", "anything")
    after = collect()
    assert after.digest == before.digest
    assert name not in after.files


@pytest.mark.parametrize("name", ["data.json", "lib/tests/data.py", "lib/guide.md", "tests.py", "Readme"])
def test_everything_else_travels(add, collect, name):
    before = collect().digest
    add(f"functions/orders/{name}", "")
    assert name in collect().files
    assert collect().digest != before


def test_a_shared_module_decides_exactly_those_that_import_it(add, collect):
    add("functions/shared/money.py")
    add("functions/shared/queues.py", "from shared.deep import inner")
    add("functions/shared/deep/__init__.py")
    add("functions/shared/deep/inner.py")
    add("functions/shared/deep/table.csv", "1")
    bodies = {"pays": "import shared.money", "sends": "from shared import queues", "asks": "import importlib\nimportlib.import_module(x)", "plain": "import os"}  # fmt: skip
    for name, body in bodies.items():
        add(f"functions/{name}/main.py", body)

    def changed(path, content):
        before = {name: collect(name).digest for name in bodies}
        add(path, content)
        return {name for name in bodies if collect(name).digest != before[name]}

    assert changed("functions/shared/money.py", "X = 1") == {"pays", "asks"}
    assert changed("functions/shared/deep/inner.py", "X = 1") == {"sends", "asks"}
    assert changed("functions/shared/deep/table.csv", "2") == {"sends", "asks"}
    assert changed("functions/shared/unused.py", "") == {"asks"}
    assert changed("functions/shared/__init__.py", "X = 1") == {"pays", "sends", "asks"}
    assert changed("functions/shared/README.md", "words") == set()
    assert changed("runtime/slipway_runtime/__init__.py", "X = 1") == set(bodies)


def test_deleting_renaming_and_moving_back(add, collect, project):
    add("functions/orders/a.py", "A = 1")
    first = collect().digest
    (project.functions / "orders/a.py").rename(project.functions / "orders/b.py")
    renamed = collect().digest
    (project.functions / "orders/b.py").unlink()
    deleted = collect().digest
    add("functions/orders/a.py", "A = 1")
    assert len({first, renamed, deleted}) == 3
    assert collect().digest == first


def test_runtime_architecture_lock_and_signature_decide(add, collect):
    add("functions/orders/requirements.in", "framework\n")
    add("functions/orders/requirements.txt", "framework==1.0 --hash=sha256:00\n")
    digests = {
        collect().digest,
        collect(runtime="python3.12").digest,
        collect(architecture="arm64").digest,
        collect(plain=True).digest,
    }
    add("functions/orders/requirements.txt", "framework==1.1 --hash=sha256:00\n")
    assert len(digests | {collect().digest}) == 5


def test_comments_and_order_in_a_lock_file_do_not_decide(add, collect):
    add("functions/orders/requirements.txt", "framework==1.0 --hash=sha256:00\nother==2 --hash=sha256:11\n")
    before = collect().digest
    add(
        "functions/orders/requirements.txt",
        "# written today\nother==2 \\\n    --hash=sha256:11\n    # via nothing\nframework==1.0 --hash=sha256:00\n",
    )
    assert collect().digest == before


def test_a_plain_handler_without_requirements_has_only_its_own_files(collect):
    inputs = collect(plain=True)
    assert list(inputs.files) == ["main.py"]
    assert inputs.lock is None


def test_what_the_developer_asked_for_is_never_cut(add, collect):
    add("functions/orders/requirements.txt", "framework==1.0 --hash=sha256:00\nserver==2 --hash=sha256:11\n")
    assert collect().roots is None  # nobody wrote down what was asked for
    add("functions/orders/requirements.in", "server[fast]>=1\n")
    assert collect().roots == ("framework", "server[fast]")
    add("functions/orders/requirements.in", "-r more.txt\n")
    assert collect().roots is None


def test_digest_is_the_same_in_another_place_with_other_times_and_modes(collect, make, project, tmp_path):
    other = make(tmp_path / "elsewhere é")
    for number, path in enumerate(sorted(other.root.rglob("*"), reverse=True)):
        os.utime(path, (number, number))
        path.chmod(0o700)
    assert (
        Collector(other)
        .collect(other.functions / "orders", runtime="python3.11", architecture="x86_64", plain=False)
        .digest
        == collect().digest
    )


def test_links_inside_the_folder_count_as_what_they_lead_to(add, collect, project):
    add("functions/orders/lib/a.py", "A = 1")
    (project.functions / "orders/b.py").symlink_to("lib/a.py")
    (project.functions / "orders/more").symlink_to("lib")
    linked = collect()
    assert {"b.py", "lib/a.py", "more/a.py"} <= linked.files.keys()
    (project.functions / "orders/b.py").unlink()
    (project.functions / "orders/more").unlink()
    add("functions/orders/b.py", "A = 1")
    add("functions/orders/more/a.py", "A = 1")
    assert collect().digest == linked.digest


def test_a_change_behind_a_link_is_seen(add, collect, project):
    target = add("functions/orders/.hidden", "1")
    (project.functions / "orders/b.txt").symlink_to(".hidden")
    before = collect().digest
    target.write_text("2")
    assert collect().digest != before


def test_everything_that_cannot_be_packaged_is_said_at_once(add, collect, project, tmp_path):
    orders = project.functions / "orders"
    (orders / "out").symlink_to(tmp_path)
    (orders / "gone").symlink_to("nowhere")
    (orders / "lib").mkdir()
    (orders / "lib/round").symlink_to("..")
    os.mkfifo(orders / "pipe")
    add("functions/orders/Data.txt")
    add("functions/orders/data.txt")
    (orders / os.fsdecode(b"bad\xff.txt")).touch()
    with pytest.raises(BadInputError, match="6 mistake") as error:
        collect()
    assert (
        rendered(error)
        == [
            "functions/orders/bad\\udcff.txt: has a name that is not UTF-8; rename it",
            "functions/orders/data.txt: differs from Data.txt only by case or by how accents are written; rename one of them",
            "functions/orders/gone: is a symbolic link: cannot be read: No such file or directory; remove or mend it",
            "functions/orders/lib/round: is a symbolic link that leaves its folder; copy the file here, or put shared code into functions/shared",
            "functions/orders/out: is a symbolic link that leaves its folder; copy the file here, or put shared code into functions/shared",
            "functions/orders/pipe: is not a regular file; remove it or move it out of the folder",
        ]
        or len(error.value.findings) == 7
    )


def test_a_link_to_a_folder_that_it_lies_in(add, collect, project):
    add("functions/orders/a/b/c.py")
    (project.functions / "orders/a/b/up").symlink_to("../../a")
    with pytest.raises(BadInputError) as error:
        collect()
    assert rendered(error) == ["functions/orders/a/b/up: is a symbolic link to a folder that it lies in; remove it"]


def test_a_socket_is_named(collect, project, monkeypatch):
    monkeypatch.chdir(project.functions / "orders")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        with pytest.raises(BadInputError) as error:
            collect()
    assert "functions/orders/s: is not a regular file" in rendered(error)[0]


def test_accents_written_two_ways_collide(add, collect):
    add("functions/orders/caf\u00e9.txt")
    add("functions/orders/cafe\u0301.txt")
    with pytest.raises(BadInputError) as error:
        collect()
    assert error.value.findings[0].rule == "colliding-names"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"orders/main.py": "def f(:"}, "functions/orders/main.py:1: is not valid for Python"),
        ({"orders/requirements.in": "flask"}, "functions/orders/requirements.in: has no requirements.txt beside it; run `slipway lock orders`"),
        ({"orders/requirements.txt": "flask==3 --hash=sha256:00"}, "functions/orders/requirements.txt: lacks framework, which the runtime needs; run `slipway lock orders`"),
        ({"orders/requirements.txt": "framework==1"}, "functions/orders/requirements.txt:1: framework has no hash"),
        ({"orders/requirements.txt": "# one\n\nframework>=1 --hash=sha256:00"}, "functions/orders/requirements.txt:3: framework is not pinned as NAME==VERSION"),
        ({"orders/requirements.txt": "--index-url https://x/"}, "functions/orders/requirements.txt:1: option --index-url is not allowed in a lock file"),
        ({"orders/requirements.txt": "a @ file:///tmp/a.whl --hash=sha256:00"}, "functions/orders/requirements.txt:1: a is not pinned as NAME==VERSION"),
        ({"orders/requirements.txt": b"\xff"}, "functions/orders/requirements.txt: is not UTF-8; save it as UTF-8"),
        ({"orders/shared/x.py": ""}, "functions/orders/shared: takes the place of functions/shared in the package; rename it"),
        ({"orders/slipway_runtime.py": ""}, "functions/orders/slipway_runtime.py: takes the place of the runtime adapter in the package; rename it"),
        ({"orders/main.py": "import shared", "shared/bad.py": "1 +"}, "functions/shared/bad.py:1: is not valid for Python"),
    ],
)  # fmt: skip
def test_one_clear_message(add, collect, files, message):
    for name, content in files.items():
        add(f"functions/{name}", content)
    with pytest.raises(BadInputError) as error:
        collect()
    assert rendered(error)[0].startswith(message)


def test_mistakes_in_shared_code_do_not_stop_functions_that_do_not_use_it(add, collect):
    add("functions/shared/bad.py", "1 +")
    assert "main.py" in collect().files


def test_no_files_no_folder_no_runtime(add, collect, project):
    (project.functions / "empty").mkdir()
    shutil.rmtree(project.runtime)
    for name in ("empty", "missing"):
        with pytest.raises(BadInputError) as error:
            collect(name)
        assert any(line.startswith("runtime/slipway_runtime: does not exist") for line in rendered(error))
        assert any(line.startswith(f"functions/{name}: ") for line in rendered(error))


def test_unchanged_files_are_not_opened_again(add, collect, project, cache, monkeypatch):
    def collector(now_ns):
        made = Collector(project)
        made.facts = FactsCache(cache, project.root, version="1", now_ns=lambda: now_ns)
        return made

    later = time.time_ns() + 10**10
    first = collector(later)
    digest = collect(collector=first).digest
    first.save()
    opened = []
    monkeypatch.setattr("slipway.artifacts.tree.read", lambda path: opened.append(path) or b"")
    assert collect(collector=collector(later)).digest == digest
    assert opened == []
    add("functions/orders/main.py", "X = 2")
    collect(collector=collector(later))
    assert [Path(path).name for path in opened] == ["main.py"]


def test_fresh_files_are_read_again_even_if_size_and_times_look_the_same(add, collect, project, cache):
    """A write within the clock's grain leaves `stat` as it was; only age makes it trustworthy."""
    main = add("functions/orders/main.py", "A = 1")
    newest = max(path.stat().st_ctime_ns for path in project.root.rglob("*"))

    def collector(now_ns):
        made = Collector(project)
        made.facts = FactsCache(cache, project.root, version="1", now_ns=lambda: now_ns)
        return made

    fresh = collector(newest + 10**9)
    collect(collector=fresh)
    fresh.save()
    assert "functions/orders" not in FactsCache(cache, project.root, version="1")._known
    old = collector(newest + 3 * 10**9)
    collect(collector=old)
    old.save()
    assert "functions/orders" in FactsCache(cache, project.root, version="1")._known
    assert main.read_text() == "A = 1"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"version": 1}', b'{"version": "1-1", "folders": []}', b"\xff"]
)
def test_a_damaged_memory_is_none(collect, project, cache, content):
    digest = collect().digest
    file = Collector(project).facts._file
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert collect().digest == digest


def test_facts_of_removed_functions_are_forgotten(add, collect, project):
    def collector():
        made = Collector(project)
        made.facts._now_ns = lambda: time.time_ns() + 10**10
        return made

    add("functions/old/main.py")
    first = collector()
    collect("old", collector=first)
    first.save()
    shutil.rmtree(project.functions / "old")
    second = collector()
    assert "functions/old" in second.facts._known
    collect(collector=second)
    second.save()
    assert "functions/old" not in Collector(project).facts._known


def test_unwritable_memory_is_no_error(collect, project, cache, monkeypatch):
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("a file where the folder should be")
    assert collect().digest
