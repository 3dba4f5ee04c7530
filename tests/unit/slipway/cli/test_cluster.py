"""`slipway cluster` on a project of its own; the cluster itself is replaced."""

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from slipway.cli import cluster
from slipway.core.errors import BadInputError, EngineError
from slipway.core.project import Project
from slipway.kube import platform
from slipway.kube.clients import Kube
from toolchain.embedded_cluster import lifecycle
from toolchain.embedded_cluster.context import Part, State
from toolchain.embedded_cluster.errors import EmbeddedClusterError, UnsuitableMachineError
from toolchain.embedded_cluster.status import Status

EMBEDDED = """\
config:
  slipway:target: knative
  slipway:cluster: {apiPort: 5612, httpPort: 5613, registryPort: 5614, lokiPort: 5615}
"""
ELSEWHERE = """\
config:
  slipway:target: knative
  slipway:kubeContext: team-dev
  slipway:registry: registry.example.com/team/functions
  slipway:domain: dev.example.com
"""
RUNNING = Status(
    running=True,
    healthy=True,
    instance="i1",
    kubeconfig=Path("/c/kubeconfig"),
    api_url="https://a",
    entry_url="http://e",
    registry="r:1",
    logs=Path("/c/logs"),
    parts=(Part(name="etcd", state=State.OK, pid=17),),
    started=True,
)
ILL = dataclasses.replace(
    RUNNING, healthy=False, started=False, parts=(Part(name="etcd", state=State.FAILED, detail="ended by SIGKILL"),)
)
STOPPED = dataclasses.replace(RUNNING, running=False, healthy=False, instance=None, parts=(), started=False)


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\n")
    (tmp_path / "stacks").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLIPWAY_CLUSTER_DIR", raising=False)
    monkeypatch.delenv("SLIPWAY_STACK", raising=False)
    monkeypatch.setattr("slipway.cli.toolchain.cluster_binaries", lambda: {"etcd": Path("/etcd")})
    monkeypatch.setattr(lifecycle, "require_machine", lambda: None)
    return Project(tmp_path)


@pytest.fixture
def calls(monkeypatch):
    """What the cluster was asked for, with which settings."""
    made = []

    def up(config, reporter):
        made.append(("up", config))
        return RUNNING

    def down(config, *, purge=False):
        made.append(("down --purge" if purge else "down", config))
        return True

    monkeypatch.setattr(lifecycle, "up", up)
    monkeypatch.setattr(lifecycle, "down", down)
    monkeypatch.setattr(lifecycle, "status", lambda config: STOPPED)
    return made


def run(*arguments):
    return CliRunner().invoke(cluster.command, arguments)


def test_without_an_environment_file_the_default_ports_hold(project, calls):
    result = run("up")
    assert result.exit_code == 0
    ((_, config),) = calls
    assert list(config.ports.values()) == [4612, 4613, 4614, 4615]
    assert config.state == project.root / ".slipway" / "cluster"
    assert config.binaries == {"etcd": Path("/etcd")}


def test_ports_and_folder_are_settings(project, calls, monkeypatch, tmp_path):
    project.stack_file("local-knative").write_text(EMBEDDED)
    monkeypatch.setenv("SLIPWAY_CLUSTER_DIR", str(tmp_path / "other"))
    assert run("up").exit_code == 0
    ((_, config),) = calls
    assert list(config.ports.values()) == [5612, 5613, 5614, 5615]
    assert config.state == tmp_path / "other"


def test_up_says_where_everything_is(project, calls):
    result = run("up")
    for said in ("started", "https://a", "KUBECONFIG=/c/kubeconfig", "http://e", "r:1", "i1", "etcd", "17"):
        assert said in result.output
    assert json.loads(run("up", "--json").output)["parts"][0]["name"] == "etcd"


def test_up_that_ends_with_an_ill_part_is_a_failure(project, calls, monkeypatch):
    monkeypatch.setattr(lifecycle, "up", lambda config, reporter: ILL)
    result = run("up")
    assert result.exit_code == 3
    assert "ended by SIGKILL" in result.output


@pytest.mark.parametrize(
    ("found", "status", "word"), [(RUNNING, 0, "healthy"), (ILL, 1, "not healthy"), (STOPPED, 1, "not running")]
)
def test_status_tells_health_by_its_exit_status(project, monkeypatch, found, status, word):
    monkeypatch.setattr(lifecycle, "status", lambda config: found)
    result = run("status")
    assert result.exit_code == status
    assert f"embedded cluster: {word}" in result.output


def test_a_machine_that_cannot_is_bad_input_and_a_failed_start_the_clusters(project, calls, monkeypatch):
    def refuse(error):
        def up(config, reporter):
            raise error

        monkeypatch.setattr(lifecycle, "up", up)
        return run("up").exception

    assert isinstance(refuse(UnsuitableMachineError("needs root")), BadInputError)
    assert isinstance(refuse(EmbeddedClusterError("port taken")), EngineError)


def test_nothing_is_installed_on_a_machine_that_cannot(project, monkeypatch):
    def require():
        raise UnsuitableMachineError("the embedded cluster needs root")

    monkeypatch.setattr(lifecycle, "require_machine", require)
    monkeypatch.setattr("slipway.cli.toolchain.cluster_binaries", lambda: pytest.fail("installed"))
    assert "needs root" in str(run("up").exception)


@pytest.mark.parametrize(
    ("arguments", "call", "said"),
    [((), "down", "its data stay"), (("--purge",), "down --purge", "its data are removed")],
)
def test_down_keeps_data_unless_told_otherwise(project, calls, arguments, call, said):
    result = run("down", *arguments)
    assert result.exit_code == 0
    assert said in result.output
    assert [what for what, _ in calls] == [call]


def test_down_works_with_an_environment_file_that_is_broken_and_up_names_the_mistake(project, calls):
    project.stack_file("local-knative").write_text("config: {slipway:target: knative, slipway:cluster: {apiPort: 1}}\n")
    assert run("down").exit_code == 0
    error = run("up").exception
    assert isinstance(error, BadInputError)
    assert "apiPort" in error.findings[0].render()


def test_an_environment_that_is_named_must_exist(project, calls):
    assert "stacks/Pulumi.nope.yaml is missing" in str(run("up", "-s", "nope").exception)
    assert calls == []


@pytest.fixture
def elsewhere(project, monkeypatch):
    project.stack_file("dev").write_text(ELSEWHERE)
    monkeypatch.setattr(lifecycle, "up", lambda *_: pytest.fail("started"))
    versions = {"serving.knative.dev/v1": "1.18.2", "eventing.knative.dev/v1": "1.17.0"}
    monkeypatch.setattr(Kube, "serves", lambda self, api_version: api_version in versions)

    def find(self, api_version, kind, name, *, namespace=None):
        if kind == "ConfigMap":
            data = {"logging.enable-request-log": "true", "logging.request-log-template": '{"slipway": "request"}'}
            return {"data": data}
        label = versions.get(f"{name.partition('.')[2]}/v1")
        return {"metadata": {"labels": {"app.kubernetes.io/version": label}}} if label else None

    monkeypatch.setattr(Kube, "find", find)
    return versions


@pytest.mark.parametrize("action", ["up", "status"])
def test_another_cluster_is_looked_at_and_not_started(elsewhere, action):
    result = run(action, "-s", "dev")
    assert result.exit_code == 0, result.exception
    assert "context team-dev; nothing to start here" in result.output
    assert "Knative Serving  1.18" in result.output
    assert "Knative Eventing  1.17" in result.output
    found = json.loads(run(action, "-s", "dev", "--json").output)
    assert found == {
        "context": "team-dev",
        "embedded": False,
        "knative": {"Serving": "1.18", "Eventing": "1.17"},
        "notChecked": ["size at which the kubelet rotates logs (containerLogMaxSize) not checked: only nodes know it"],
    }


def test_another_cluster_with_an_old_knative_is_refused(elsewhere):
    elsewhere["serving.knative.dev/v1"] = "1.15.0"
    error = run("up", "-s", "dev").exception
    assert isinstance(error, EngineError)
    assert "1.15" in str(error)
    assert f"{platform.MINIMUM[0]}.{platform.MINIMUM[1]}" in str(error)


def test_what_another_cluster_does_not_tell_is_unknown(elsewhere):
    elsewhere["serving.knative.dev/v1"] = "devel"
    result = run("up", "-s", "dev")
    assert "Knative Serving  unknown" in result.output
    assert "not checked" in result.output


@pytest.mark.parametrize("action", ["down", "logs"])
def test_another_cluster_is_not_ended_and_has_no_logs_here(elsewhere, calls, action):
    error = run(action, "-s", "dev").exception
    assert isinstance(error, BadInputError)
    assert "team-dev" in str(error)
    assert calls == []


def test_logs_of_nothing_are_refused_with_what_to_do(project, calls):
    assert "`slipway cluster up` starts it" in str(run("logs").exception)
    folder = project.cluster / "logs"
    folder.mkdir(parents=True)
    (folder / "etcd.log").write_text("one\n")
    assert "slipway cluster status" in str(run("logs", "nonsense").exception)


def test_logs_are_shown(project, calls, capfd):
    folder = project.cluster / "logs"
    folder.mkdir(parents=True)
    (folder / "etcd.log").write_text("one\ntwo\nthree\n")
    assert run("logs", "etcd", "--tail", "2").exit_code == 0
    assert capfd.readouterr().out == "two\nthree\n"
