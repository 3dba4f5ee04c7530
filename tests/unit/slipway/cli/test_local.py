import json

import pytest
from click.testing import CliRunner

from slipway.cli import local
from slipway.core.errors import EngineError
from slipway.core.project import Project
from toolchain.embedded_aws import lifecycle
from toolchain.embedded_aws.errors import EmbeddedAwsError
from toolchain.embedded_aws.lifecycle import Status

STACK = """\
config:
  slipway:target: lambda
  slipway:aws:
    account: "210987654321"
    region: us-east-1
    endpoint: http://127.0.0.1:5610
    httpEntry: http://127.0.0.1:5611
    accessKey: mine
    secretKey: mine too
"""
RUNNING = Status(
    running=True, instance="i1", pid=17, api_url="http://a", entry_url="http://e", log="/log.txt", started=True
)
STOPPED = Status(running=False, instance=None, pid=None, api_url="http://a", entry_url="http://e", log="/log.txt")


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    (tmp_path / "stacks").mkdir()
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def test_settings_come_from_the_stack(project):
    project.stack_file("local").write_text(STACK)
    config = local.config_of(project)
    assert (config.api_port, config.entry_port) == (5610, 5611)
    assert (config.region, config.account) == ("us-east-1", "210987654321")
    assert (config.access_key, config.secret_key) == ("mine", "mine too")
    assert config.state == project.root / ".slipway" / "local"


@pytest.mark.parametrize("content", [None, "", "config: [", "config:\n  slipway:target: lambda\n"])
def test_without_usable_settings_the_defaults_hold(project, content):
    if content is not None:
        project.stack_file("local").write_text(content)
    config = local.config_of(project)
    assert (config.api_port, config.entry_port) == (4610, 4611)


def test_start_says_where_it_answers(project, monkeypatch):
    monkeypatch.setattr(lifecycle, "start", lambda config: RUNNING)
    result = CliRunner().invoke(local.command, ["start"])
    assert result.exit_code == 0
    assert "embedded AWS: started" in result.output
    assert "http://e" in result.output
    as_json = CliRunner().invoke(local.command, ["start", "--json"])
    assert json.loads(as_json.output)["instance"] == "i1"


def test_status_of_one_that_does_not_run_is_1(project, monkeypatch):
    monkeypatch.setattr(lifecycle, "status", lambda config: STOPPED)
    result = CliRunner().invoke(local.command, ["status"])
    assert result.exit_code == 1
    assert "not running" in result.output


@pytest.mark.parametrize(("ran", "word"), [(True, "stopped"), (False, "did not run")])
def test_stop_says_whether_it_ran(project, monkeypatch, ran, word):
    monkeypatch.setattr(lifecycle, "stop", lambda config: ran)
    monkeypatch.setattr(lifecycle, "status", lambda config: STOPPED)
    result = CliRunner().invoke(local.command, ["stop"])
    assert result.exit_code == 0
    assert word in result.output


def test_a_refusal_is_an_error_of_the_engine(project, monkeypatch):
    def refuse(config):
        raise EmbeddedAwsError("port 4610 is taken")

    monkeypatch.setattr(lifecycle, "start", refuse)
    with pytest.raises(EngineError, match="port 4610 is taken"):
        CliRunner().invoke(local.command, ["start"], catch_exceptions=False)
