import json

import pytest
from click.testing import CliRunner

from slipway.cli import toolchain as cli
from slipway.core.errors import BadInputError, EngineError
from toolchain.cluster_parts import Found
from toolchain.errors import PrerequisitesMissingError, ToolchainError
from toolchain.installer import Installation
from toolchain.record import RECORD

PART = {"name": "engine", "title": "Engine", "version": "9.1.0", "source": "build", "reason": "because"}


@pytest.fixture
def installer(monkeypatch, tmp_path):
    class Fake:
        outcome: object = Installation(tmp_path / "pulumi", tmp_path, tmp_path, ())

        def __init__(self, **settings):
            Fake.settings = settings

        def install(self):
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return self.outcome

    monkeypatch.setattr(cli, "Installer", Fake)
    monkeypatch.setattr(cli, "installation_record", lambda _: {"launcher": "/x", "parts": [PART]})
    return Fake


def run(*arguments):
    return CliRunner().invoke(cli.command, arguments)


def test_each_choice_is_printed_with_its_reason(installer):
    assert run("install").output == "Engine 9.1.0: build, because\n"
    assert json.loads(run("install", "--json").output)["parts"] == [PART]


def test_quiet_says_nothing_when_nothing_changed(installer, tmp_path):
    assert run("install", "--quiet").output == ""
    installer.outcome = Installation(tmp_path / "pulumi", tmp_path, tmp_path, (), changed=True)
    assert run("install", "--quiet").output == "Engine 9.1.0: build, because\n"


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [(PrerequisitesMissingError(["Go"]), BadInputError, 2), (ToolchainError("compile error"), EngineError, 3)],
)
def test_errors_have_the_exit_status_of_their_kind(installer, error, kind, status):
    installer.outcome = error
    answer = run("install")
    assert isinstance(answer.exception, kind)
    assert answer.exception.exit_status == status


def test_path_prints_the_launcher_or_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(cli.sys, "prefix", str(tmp_path))
    assert "make setup" in str(run("path").exception)
    (tmp_path / RECORD).write_text(json.dumps({"launcher": "/v/bin/pulumi", "parts": []}))
    assert run("path").output == "/v/bin/pulumi\n"
    assert json.loads(run("path", "--json").output)["launcher"] == "/v/bin/pulumi"


@pytest.mark.parametrize(
    ("arguments", "left_out"),
    [
        ([], {"kubernetes-provider", "crane", "yaml-host"}),
        (["--for", "local"], {"kubernetes-provider", "crane", "yaml-host"}),
        (["--for", "knative"], {"aws-provider", "yaml-host"}),
        (["--for", "yaml"], {"aws-provider"}),
    ],
)
def test_only_what_the_purpose_needs_is_installed(installer, monkeypatch, arguments, left_out):
    monkeypatch.setattr(cli.cluster_parts, "binaries", None)
    assert run("install", *arguments).exit_code == 0
    assert installer.settings["optional"] == left_out


def test_the_clusters_parts_come_only_for_the_cluster(installer, monkeypatch, tmp_path):
    monkeypatch.setattr(cli.cluster_parts, "binaries", lambda *_: {"etcd": tmp_path / "etcd"})
    found = Found("etcd", "3.6.4", "build", "because of that")
    monkeypatch.setattr(cli.cluster_parts, "inspect", lambda *_: [found])
    assert run("install", "--for", "cluster").output.splitlines()[-1] == "etcd 3.6.4: build, because of that"
    assert json.loads(run("install", "--for", "cluster", "--json").output)["cluster"] == {"etcd": f"{tmp_path}/etcd"}


def test_parts_of_the_cluster_that_cannot_be_had_are_an_engine_error(installer, monkeypatch):
    def refuse(*_):
        raise ToolchainError("these programs are missing: runc")

    monkeypatch.setattr(cli.cluster_parts, "binaries", refuse)
    answer = run("install", "--for", "cluster")
    assert isinstance(answer.exception, EngineError)
    assert "runc" in str(answer.exception)


def test_unknown_purpose_names_the_known_ones(installer):
    answer = run("install", "--for", "docker")
    assert answer.exit_code == 2
    assert all(purpose in answer.output for purpose in ("local", "knative", "cluster"))


def test_buildah_gets_a_command_where_containerfiles_are_to_be_built(installer, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(cli.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(cli, "cluster_binaries", lambda only: asked.append(only) or {"buildah": tmp_path / "real"})
    assert run("install", "--for", "containerfile").exit_code == 0
    assert asked == [["buildah"]]
    text = (tmp_path / "bin" / "buildah").read_text()
    assert str(tmp_path / "real") in text
    assert "slipway toolchain install --for containerfile" in text
