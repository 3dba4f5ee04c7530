import json

import pytest
from click.testing import CliRunner

from slipway.artifacts.locking import lock_all, targets
from slipway.cli.lock import command
from slipway.core.errors import BadInputError, FindingsError


@pytest.fixture
def asking(small, wheels):
    """`orders` asks for `tool`, of which there are two versions; the framework's runtime asks for `base`."""
    for version in ("1.0", "2.0"):
        wheels.wheel("tool", version, requires=["base"])
        wheels.wheel("base", version)
    (small.functions / "orders/requirements.in").write_text("tool<2\n")
    (small.root / "runtime/server").mkdir(parents=True)
    (small.root / "runtime/requirements.in").write_text("base\n")
    (small.root / "runtime/server/requirements.in").write_text("base\n")
    return small


def pins(path):
    return [line.split()[0] for line in path.read_text().splitlines() if "==" in line]


def test_locks_have_hashes_and_name_no_index_and_no_machine(asking, wheels):
    (asking.functions / "orders/requirements.in").write_text(f"--find-links {wheels.folder}\ntool<2\n")
    results = lock_all(asking, targets(asking))
    assert [(result.target.name, result.changed) for result in results] == [
        ("runtime", True),
        ("server", True),
        ("orders", True),
    ]
    text = (asking.functions / "orders/requirements.txt").read_text()
    assert pins(asking.functions / "orders/requirements.txt") == ["base==2.0", "tool==1.0"]
    assert text.count("--hash=sha256:") == 2
    assert "slipway lock orders" in text
    assert str(asking.root) not in text
    assert str(wheels.folder) not in text


def test_nothing_new_means_nothing_changes_unless_asked_for(asking, wheels):
    lock_all(asking, targets(asking))
    before = (asking.functions / "orders/requirements.txt").read_bytes()
    wheels.wheel("base", "3.0")
    assert [result.changed for result in lock_all(asking, targets(asking))] == [False] * 3
    assert (asking.functions / "orders/requirements.txt").read_bytes() == before
    assert [result.changed for result in lock_all(asking, targets(asking), upgrade=True)] == [True] * 3
    assert pins(asking.functions / "orders/requirements.txt") == ["base==3.0", "tool==1.0"]


def test_a_framework_function_is_resolved_with_the_runtime(asking):
    (asking.functions / "orders/main.py").write_text("def handler(request):\n    return 'ok'\n")
    (asking.root / "runtime/requirements.in").write_text("base<2\n")
    lock_all(asking, targets(asking, ["orders"]))
    assert pins(asking.functions / "orders/requirements.txt") == ["base==1.0", "tool==1.0"]
    assert not (asking.root / "runtime/requirements.txt").exists()


def test_only_versions_with_a_wheel_are_taken(asking, wheels):
    wheels.sdist("base", "9.0")
    wheels.wheel("base", "8.0", tag="cp311-cp311-win_amd64")
    lock_all(asking, targets(asking, ["orders"]))
    assert "base==2.0" in pins(asking.functions / "orders/requirements.txt")


def test_contradictions_name_the_function(asking):
    (asking.functions / "orders/requirements.in").write_text("tool<2\nbase<1\n")
    with pytest.raises(BadInputError, match=r"function 'orders': .*base"):
        lock_all(asking, targets(asking))
    assert (asking.root / "runtime/requirements.txt").exists()  # the other one was locked all the same
    assert not (asking.functions / "orders/requirements.txt").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ordrs", "'ordrs' is not a function, did you mean 'orders'"),
        ("plain", "functions/plain/requirements.in does not exist; write the dependencies of 'plain' there"),
    ],
)
def test_what_cannot_be_locked(asking, name, message):
    (asking.functions / "plain").mkdir()
    with pytest.raises(BadInputError) as error:
        targets(asking, [name])
    assert message in str(error.value)


def test_a_wrong_manifest_is_named(asking):
    (asking.functions / "orders/function.yaml").write_text("- not a mapping\n")
    with pytest.raises(BadInputError, match=r"cannot be locked until its function\.yaml is right") as error:
        targets(asking, ["orders"])
    assert error.value.findings


def test_check_writes_nothing_and_exits_with_findings(asking, monkeypatch):
    monkeypatch.chdir(asking.root)

    def run(*words):
        return CliRunner().invoke(command, words)

    stale = run("--check")
    assert isinstance(stale.exception, FindingsError)
    assert str(stale.exception) == "out of date: runtime, server, orders; run `slipway lock`"
    assert not (asking.root / "runtime/requirements.txt").exists()
    assert run().exit_code == 0
    fresh = run("--check", "--json")
    assert fresh.exit_code == 0
    assert json.loads(fresh.stdout) == [
        {"name": "runtime", "lock": "runtime/requirements.txt", "state": "up to date"},
        {"name": "server", "lock": "runtime/server/requirements.txt", "state": "up to date"},
        {"name": "orders", "lock": "functions/orders/requirements.txt", "state": "up to date"},
    ]
