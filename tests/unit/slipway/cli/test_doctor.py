import json

import pytest
from click.testing import CliRunner

from slipway.cli import doctor
from toolchain import report
from toolchain.errors import ToolchainError
from toolchain.report import Row, State


@pytest.fixture
def run(monkeypatch):
    def call(rows, *arguments):
        monkeypatch.setattr(report, "inspect", lambda *_: rows)
        monkeypatch.setattr(doctor, "_embedded_aws", lambda: Row("embedded AWS", State.OK, message="not running"))
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
    (row, aws) = json.loads(run([Row("Engine", State.OK, "9.1.0", "build", "/x", "ab", "m")], "--json").output)
    assert row == {
        "name": "Engine", "state": "ok", "version": "9.1.0", "source": "build", "path": "/x", "digest": "ab",
        "message": "m", "remedy": "",
    }  # fmt: skip
    assert aws["name"] == "embedded AWS"


def test_outside_a_project_the_embedded_aws_is_not_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = doctor._embedded_aws()
    assert row.state is State.NOT_CHECKED
    assert "no Pulumi.yaml" in row.message


def test_wrong_order_variable_is_bad_input(monkeypatch):
    from slipway.core.errors import BadInputError

    def refuse(*_):
        raise ToolchainError("SLIPWAY_TOOLCHAIN: x is no source")

    monkeypatch.setattr(report, "inspect", refuse)
    assert isinstance(CliRunner().invoke(doctor.command).exception, BadInputError)
