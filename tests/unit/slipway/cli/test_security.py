"""`slipway security` with the engine replaced: what it prints, and its exit status."""

import json

import pytest

from slipway.cli import main as module
from slipway.core.errors import EngineError
from slipway.engine import operations
from tests.unit.slipway.engine.judged import PARENTS, QUEUE, written

WAIVER = {"rule": "F9", "resource": "open", "reason": "old clients", "owner": "team-a", "expires": "2026-12-01"}
STACK = """\
config:
  slipway:target: lambda
  slipway:aws: {account: "123456789012", region: eu-central-1}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\nbackend: {url: 'file://./.slipway/state'}\n")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/PulumiPolicy.yaml").write_text("runtime: python\n")
    (tmp_path / "stacks").mkdir()
    for name in ("dev", "prod"):
        (tmp_path / f"stacks/Pulumi.{name}.yaml").write_text(STACK)
    (tmp_path / "functions").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def slipway(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["slipway", "security", *arguments])
        with pytest.raises(SystemExit) as caught:
            module.main()
        out, err = capsys.readouterr()
        return caught.value.code, out, err

    return run


@pytest.fixture
def deployed(monkeypatch):
    """What the engine says about each environment: a report, None, or an error."""
    answers = {}

    def analyze(project, environment):
        answer = answers.get(environment)
        if isinstance(answer, Exception):
            raise answer
        return None if answer is None else (answer, PARENTS)

    monkeypatch.setattr(operations, "analyze", analyze)
    return answers


def test_each_environment_is_told_and_what_was_not_checked_says_so(project, slipway, deployed, tmp_path):
    deployed["prod"] = written(tmp_path, {QUEUE.format("open"): True})
    deployed["dev"] = EngineError("dev: the state cannot be read")
    status, out, err = slipway()
    lines = out.splitlines()
    assert status == 1
    assert lines[0] == "dev: not checked: dev: the state cannot be read"
    assert lines[1] == "prod: 2 failing, 1 no such resource"
    assert "F9       failing           mandatory  orders  closed holds" in lines
    assert "open: F9 closed: open must be false; close it" in lines
    assert "security controls fail" in err


def test_met_controls_end_with_0(project, slipway, deployed, tmp_path):
    deployed["prod"] = written(tmp_path, {QUEUE.format("closed"): False})
    status, out, _ = slipway("-s", "prod")
    assert status == 0
    assert out.splitlines()[0] == "prod: 2 met, 1 no such resource"


def test_what_is_waived_is_listed_with_its_reason(project, slipway, deployed, tmp_path):
    deployed["prod"] = written(tmp_path, {QUEUE.format("open"): True}, waivers=[WAIVER])
    status, out, _ = slipway("-s", "prod")
    assert status == 0
    assert "waiver (used): F9 for 'open' until 2026-12-01, team-a: old clients" in out
    assert "F9       waived" in out


def test_json_has_the_matrix(project, slipway, deployed, tmp_path):
    deployed["prod"] = written(tmp_path, {QUEUE.format("open"): True})
    status, out, _ = slipway("--json")
    dev, prod = json.loads(out)["environments"]
    assert status == 1
    assert dev == {
        "environment": "dev",
        "state": "not checked",
        "reason": "nothing is deployed that this machine knows of",
    }
    assert prod["controls"][0]["id"] == "F9"
    assert prod["controls"][0]["states"] == {"orders": "failing"}


def test_sarif_and_code_quality(project, slipway, deployed, tmp_path):
    deployed["prod"] = written(tmp_path, {QUEUE.format("open"): True}, waivers=[WAIVER])
    [run] = json.loads(slipway("--format", "sarif")[1])["runs"]
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("not checked: dev")
    assert [bool(result["suppressions"]) for result in run["results"]] == [False, True]
    issues = json.loads(slipway("--format", "codequality")[1])
    assert {issue["location"]["path"] for issue in issues} == {"functions/orders/function.yaml"}


def test_without_a_pack_nothing_is_checked(project, slipway, deployed):
    (project / "policies/PulumiPolicy.yaml").unlink()
    status, out, _ = slipway("-s", "prod")
    assert status == 0
    assert out == "prod: not checked: the project has no policies/PulumiPolicy.yaml\n"
