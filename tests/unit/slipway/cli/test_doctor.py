import json

import pytest
from click.testing import CliRunner

from slipway.cli import doctor
from toolchain import report
from toolchain.embedded_cluster.context import Part
from toolchain.embedded_cluster.context import State as ClusterState
from toolchain.embedded_cluster.status import Status
from toolchain.errors import ToolchainError
from toolchain.report import Row, State


@pytest.fixture
def run(monkeypatch):
    def call(rows, *arguments):
        monkeypatch.setattr(report, "inspect", lambda *_: rows)
        for name in ("_embedded_aws", "_embedded_cluster"):
            monkeypatch.setattr(doctor, name, lambda name=name: Row(name, State.OK, message="not running"))
        return CliRunner().invoke(doctor.command, arguments)

    return call


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ([State.OK], 0),
        ([State.OK, State.WARNING], 1),
        ([State.OK, State.NOT_CHECKED], 1),
        ([State.MISSING, State.WARNING], 2),
    ],
)
def test_exit_status_tells_the_worst(run, states, status):
    assert run([Row(str(number), state) for number, state in enumerate(states)]).exit_code == status


def test_table_ends_with_the_commands_that_mend(run):
    answer = run([Row("Engine", State.MISSING, message="not installed", remedy="make setup"), Row("uv", State.OK)])
    assert answer.output.splitlines()[-1] == "Engine (missing): make setup"


def test_json_has_every_field(run):
    (row, aws, cluster) = json.loads(run([Row("Engine", State.OK, "9.1.0", "build", "/x", "ab", "m")], "--json").output)
    assert row == {
        "name": "Engine", "state": "ok", "version": "9.1.0", "source": "build", "path": "/x", "digest": "ab",
        "message": "m", "remedy": "",
    }  # fmt: skip
    assert (aws["name"], cluster["name"]) == ("_embedded_aws", "_embedded_cluster")


def test_outside_a_project_the_embedded_platforms_are_not_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for row in (doctor._embedded_aws(), doctor._embedded_cluster()):
        assert row.state is State.NOT_CHECKED
        assert "no Pulumi.yaml" in row.message


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Has the embedded cluster of a project be in a given state."""
    (tmp_path / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
    monkeypatch.chdir(tmp_path)

    def be(**states):
        parts = tuple(Part(name=name, state=state) for name, state in states.items())
        status = Status(
            running=bool(parts),
            healthy=bool(parts) and set(states.values()) == {ClusterState.OK},
            instance=None,
            kubeconfig=tmp_path,
            api_url="https://127.0.0.1:4612",
            entry_url="",
            registry="",
            logs=tmp_path,
            parts=parts,
        )
        monkeypatch.setattr(doctor.clusters, "status", lambda _: status)
        return doctor._embedded_cluster()

    return be


def test_cluster_that_was_never_started_is_no_fault(cluster):
    row = cluster()
    assert (row.state, row.message) == (State.OK, "not running; `slipway cluster up` starts it")


def test_cluster_that_is_well(cluster):
    row = cluster(etcd=ClusterState.OK, kubelet=ClusterState.OK)
    assert (row.state, row.path, row.remedy) == (State.OK, "https://127.0.0.1:4612", "")


def test_parts_of_the_cluster_that_are_not_well_are_named(cluster):
    row = cluster(etcd=ClusterState.OK, kubelet=ClusterState.FAILED, node=ClusterState.UNKNOWN)
    assert (row.state, row.remedy) == (State.WARNING, "slipway cluster up")
    assert row.message == "running, but not well: kubelet, node"


def test_wrong_order_variable_is_bad_input(monkeypatch):
    from slipway.core.errors import BadInputError

    def refuse(*_):
        raise ToolchainError("SLIPWAY_TOOLCHAIN: x is no source")

    monkeypatch.setattr(report, "inspect", refuse)
    assert isinstance(CliRunner().invoke(doctor.command).exception, BadInputError)
