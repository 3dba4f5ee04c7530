"""promote, rollback, verify, redrive and list on a project of their own, with the target replaced."""

import json

import pytest

from slipway.cli import main as module
from slipway.core.errors import EngineError
from slipway.engine import operations, recover
from slipway.engine.memory import Instances
from slipway.engine.steps import RunResult
from slipway.running.calls import Answer
from slipway.running.releases import Release, Version
from slipway.running.runner import Redriven
from slipway.targets import Targets

STACK = """\
config:
  slipway:target: lambda
  slipway:aws: {account: "123456789012", region: eu-central-1, endpoint: "http://127.0.0.1:9", accessKey: a, secretKey: b}
  slipway:sinks: {central: {s3: {create: true}}}
"""
MANIFEST = "owner: t\nruntime: python3.11\nhandler: main:hello\nevents:\n  - http: {path: /hello, auth: none, visibility: public}\n"
ROLLOUT = "rollout: {canary: 10}\n"
VERSIONS = tuple(Version(name=str(n), identity=str(n)) for n in (1, 2, 3))


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\nbackend: {url: 'file://./.slipway/state'}\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.local.yaml").write_text(STACK)
    for name, more in (("hello", ""), ("orders", ROLLOUT)):
        folder = tmp_path / "functions" / name
        folder.mkdir(parents=True)
        (folder / "function.yaml").write_text(MANIFEST.replace("/hello", f"/{name}") + more)
        (folder / "main.py").write_text("def hello(request):\n    return 'x'\n")
    monkeypatch.chdir(tmp_path)
    # The embedded AWS is another process's matter.
    monkeypatch.setattr("slipway.cli.session.Session.instances", Instances(aws="instance-1"))
    return tmp_path


class Runner:
    """A target that remembers what it was told."""

    def __init__(self):
        self.releases = {
            "hello": Release(function="hello", stable="3", latest="3", versions=VERSIONS),
            "orders": Release(function="orders", stable="2", candidate="3", percent=10, latest="3", versions=VERSIONS),
        }
        self.moved, self.calls, self.letters = [], [], {}
        self.answers = {}
        self.on = ([], None)

    def holds_pointer(self, name, resource):
        return resource["type"] == f"alias of {name}"

    def release(self, name):
        return self.releases[name]

    def move(self, release, move):
        self.moved.append((release.function, move.to.name, list(move.rejected)))

    def answer(self, name, version=None):
        self.calls.append((name, version))
        error = self.answers.get((name, version))
        if isinstance(error, Exception):
            raise error
        return Answer(status=200, body="x", headers={}, error=error, log="", duration_ms=1, version=version or "2")

    def invoke(self, name, output, call, *, version=None, asynchronous=False):
        return self.answer(name, version)

    def visit(self, name, output, call):
        return self.answer(name), "invoke"

    def alarms(self, release):
        return self.on

    def redrive(self, name, limit):
        found = self.letters.get(name, Redriven(sent=0, left=0))
        if isinstance(found, Exception):
            raise found
        return found

    def check(self, entries):
        raise EngineError("the target is down")


@pytest.fixture
def runner(project, monkeypatch):
    made = Runner()
    monkeypatch.setattr(Targets, "runner", lambda *_: made)
    functions = {name: {"arn": f"arn:{name}", "target": "lambda", "url": ""} for name in ("hello", "orders")}
    resources = [
        {"type": "pulumi:pulumi:Stack", "urn": "stack", "outputs": {"functions": functions}},
        *({"type": f"alias of {name}", "urn": f"urn:{name}"} for name in functions),
    ]
    monkeypatch.setattr(operations, "export", lambda *_: {"deployment": {"resources": resources}})
    monkeypatch.setattr(recover, "mend", lambda *_, **__: recover.Mended())
    made.refreshed = []

    def refresh(project, environment, *, targets, on_event):
        made.refreshed.append(list(targets))
        return RunResult(steps=(), summary={}, outputs={}, diagnostics=())

    monkeypatch.setattr(operations, "refresh", refresh)
    return made


@pytest.fixture
def slipway(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["slipway", *arguments])
        with pytest.raises(SystemExit) as caught:
            module.main()
        out, err = capsys.readouterr()
        return caught.value.code, out, err

    return run


def test_promote_moves_all_candidates_and_refreshes_only_their_pointers(slipway, runner):
    status, out, err = slipway("promote")
    assert status == 0
    assert runner.moved == [("orders", "3", [])]
    assert runner.refreshed == [["urn:orders"]]
    assert out.splitlines()[1].split() == ["orders", "2", "3"]
    assert "orders: all calls go to 3 now" in err


def test_promote_as_json_and_without_candidates(slipway, runner):
    assert json.loads(slipway("promote", "--json")[1]) == {"promoted": [{"function": "orders", "from": "2", "to": "3"}]}
    runner.releases["orders"] = runner.releases["hello"]
    status, out, _ = slipway("promote")
    assert (status, out) == (0, "local: no function has a candidate\n")
    assert len(runner.refreshed) == 1


def test_a_function_without_a_candidate_cannot_be_promoted_and_nothing_is_moved(slipway, runner):
    status, _, err = slipway("promote", "-f", "hello", "-f", "orders")
    assert status == 2
    assert "hello: has no candidate; all calls go to 3 already" in err
    assert runner.moved == []


def test_rollback_turns_candidates_away(slipway, runner):
    status, out, err = slipway("rollback")
    assert status == 0
    assert runner.moved == [("orders", "2", ["3"])]
    assert out.splitlines()[1].split() == ["orders", "3", "2"]
    assert "no rollout" not in err


def test_rollback_of_a_function_without_rollout_says_what_the_next_update_does(slipway, runner):
    status, _, err = slipway("rollback", "-f", "hello")
    assert status == 0
    assert runner.moved == [("hello", "2", ["3"])]
    assert "note: hello has no rollout: the next `slipway up -s local` moves it forward again" in err


def test_rollback_to_a_version(slipway, runner):
    assert slipway("rollback", "-f", "hello", "--to", "1")[0] == 0
    assert runner.moved == [("hello", "1", ["3"])]
    status, _, err = slipway("rollback", "-f", "hello", "--to", "9")
    assert status == 2
    assert "there is no version 9; versions: 3, 2, 1" in err
    status, _, err = slipway("rollback", "--to", "1")
    assert (status, "--to: names a version of one function" in err) == (2, True)


def test_unknown_functions_are_named(slipway, runner):
    for command in ("promote", "rollback", "redrive", "verify"):
        status, _, err = slipway(command, "-f", "helo")
        assert status == 2
        assert "no function helo; known: hello, orders" in err


def test_a_refresh_that_fails_says_that_the_pointer_has_moved(slipway, runner, monkeypatch):
    def fail(*_, **__):
        raise EngineError("no engine")

    monkeypatch.setattr(operations, "refresh", fail)
    status, _, err = slipway("promote")
    assert status == 3
    assert "orders: the calls go where they should, but the state could not be brought in line (no engine)" in err
    assert "`slipway refresh -s local`" in err


def test_what_was_moved_before_a_failure_is_refreshed(slipway, runner, monkeypatch):
    runner.releases["hello"] = Release(
        function="hello", stable="2", candidate="3", percent=5, latest="3", versions=VERSIONS
    )

    def move(release, move):
        if release.function == "orders":
            raise EngineError("orders: moved by somebody else")
        runner.moved.append(release.function)

    monkeypatch.setattr(runner, "move", move)
    status, _, err = slipway("promote")
    assert (status, runner.moved, runner.refreshed) == (3, ["hello"], [["urn:hello"]])
    assert "orders: moved by somebody else" in err


def test_verify_puts_candidates_to_the_test(slipway, runner):
    runner.on = ([], "no data")
    status, out, err = slipway("verify", "--calls", "3", "--json")
    assert status == 0
    rows = json.loads(out)["functions"]
    assert [(row["name"], row["via"], row["version"], row["result"]) for row in rows] == [
        ("hello", "invoke", "2", "ok"),
        ("orders", "invoke", "2", "ok"),
        ("orders", "candidate", "3 (10%)", "ok"),
    ]
    assert runner.calls.count(("orders", "3")) == 3
    assert "note: orders: candidate 3: not checked: alarms: no data" in err
    assert runner.moved == []


def test_a_candidate_that_fails_is_rolled_back(slipway, runner):
    runner.answers["orders", "3"] = "KeyError: 'x'"
    status, out, err = slipway("verify", "--calls", "2")
    assert status == 3
    assert "failed: 2 of 2 calls failed: KeyError: 'x'" in out
    assert runner.moved == [("orders", "2", ["3"])]
    assert runner.refreshed == [["urn:orders"]]
    assert "1 of 2 functions failed: orders; rolled back: orders 3" in err


def test_a_candidate_with_an_alarm_is_rolled_back_unless_told_not_to(slipway, runner):
    runner.on = (["alarm errors is on"], None)
    status, out, _ = slipway("verify", "--no-rollback")
    assert (status, runner.moved) == (3, [])
    assert "failed: alarm errors is on" in out
    assert slipway("verify")[0] == 3
    assert runner.moved == [("orders", "2", ["3"])]


def test_some_errors_may_be_allowed(slipway, runner):
    runner.answers["orders", "3"] = "KeyError: 'x'"
    assert slipway("verify", "--max-errors", "100")[0] == 0
    assert runner.moved == []


def test_a_candidate_that_cannot_be_called_stays_and_is_not_checked(slipway, runner):
    runner.answers["orders", "3"] = EngineError("the gateway is down")
    status, out, _ = slipway("verify")
    assert (status, runner.moved) == (0, [])
    assert "not checked: calls: the gateway is down" in out


def test_redrive_says_what_was_sent_and_what_stays(slipway, runner):
    runner.letters["hello"] = Redriven(sent=2, left=0)
    status, out, _ = slipway("redrive")
    assert status == 0
    assert [line.split() for line in out.splitlines()[1:]] == [["hello", "2", "0", "0"], ["orders", "0", "0", "0"]]


def test_letters_that_are_not_taken_end_with_status_3_and_their_reasons(slipway, runner):
    runner.letters["orders"] = Redriven(sent=1, failed=[("17", "KeyError: 'x'")], left=1)
    runner.letters["hello"] = EngineError("hello: AWS is down")
    status, out, err = slipway("redrive", "--limit", "2")
    assert status == 3
    assert ["orders", "1", "1", "1"] in [line.split() for line in out.splitlines()]
    assert "orders: 17: KeyError: 'x'" in err
    assert "hello: stopped: hello: AWS is down" in err
    assert "2 of 2 functions did not take all of their letters: hello, orders" in err
    found = json.loads(slipway("redrive", "-f", "orders", "--json")[1])["functions"]["orders"]
    assert (found["sent"], found["left"], found["failed"]) == (1, 1, [["17", "KeyError: 'x'"]])


def test_a_target_that_is_down_does_not_keep_list_from_listing(slipway, runner):
    status, out, err = slipway("list")
    assert status == 0
    assert out.splitlines()[0].split() == (
        [
            "name",
            "target",
            "owner",
            "url",
            "version",
            "canary",
            "memory",
            "dead",
            "letters",
            "sinks",
            "last",
            "change",
            "status",
        ]
    )
    assert out.count("not checked") == 2
    assert "warning: local: not checked: the target is down" in err
