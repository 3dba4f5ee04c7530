import dataclasses
import json
import subprocess

import pytest

from toolchain.cache import Cache
from toolchain.errors import PrerequisitesMissingError, SourceUnavailableError, ToolchainError
from toolchain.installer import Installer
from toolchain.parts import Part
from toolchain.plan import Source
from toolchain.record import RECORD
from toolchain.sources.download import Downloader

PATH_ONLY = {"SLIPWAY_TOOLCHAIN": "path"}


@pytest.fixture
def parts(engine, host, plugin):
    return (engine, dataclasses.replace(host, companions=("shim",)), plugin)


@pytest.fixture
def install(tmp_path, parts, reporter):
    def run(**env):
        environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path / "home"), **env}
        return Installer(
            cache_root=tmp_path / "cache",
            environment=tmp_path / "environment",
            project=tmp_path / "project",
            env=environment,
            reporter=reporter,
            parts=parts,
        ).install()

    return run


@pytest.fixture
def with_tool(tmp_path, parts, engine, modules, reporter):
    """Installs with a command besides, which is optional or not."""
    tool = Part("tool", "Tool", "3.0.0", "tool", modules, version_command=("version",), command=True)

    def run(*optional):
        return Installer(
            cache_root=tmp_path / "cache",
            environment=tmp_path / "environment",
            project=tmp_path / "project",
            env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path / "home"), **PATH_ONLY},
            reporter=reporter,
            parts=(*parts, tool),
            optional=optional,
        ).install()

    return run


@pytest.fixture
def own(tmp_path, executable):
    """The user's own engine with host, and plugin."""
    executable(tmp_path / "bin" / "engine", 'echo v9.4.0; echo "home $PULUMI_HOME"')
    executable(tmp_path / "bin" / "host", "true")
    executable(tmp_path / "bin" / "shim", "true")
    return executable(tmp_path / "home/.pulumi/plugins/resource-plugin-v2.0.0/plugin", "echo 2.0.0")


def test_everything_on_path_is_used_in_place(install, own, tmp_path):
    made = install()
    assert [choice.source for choice in made.choices] == [Source.PATH] * 3
    assert [choice.version for choice in made.choices] == ["9.4.0", "9.4.0", "2.0.0"]
    link = tmp_path / "cache/pulumi-home/plugins/resource-plugin-v2.0.0/plugin"
    assert link.resolve() == own
    assert own.read_text().endswith("echo 2.0.0\n")
    answer = subprocess.run([made.launcher], capture_output=True, text=True, check=True)
    assert answer.stdout == f"v9.4.0\nhome {tmp_path / 'cache/pulumi-home'}\n"
    assert not (tmp_path / "cache" / "toolchain").exists()


def test_the_users_own_pulumi_folder_is_never_written(install, own, tmp_path):
    before = sorted(path for path in (tmp_path / "home" / ".pulumi").rglob("*"))
    install()
    assert sorted(path for path in (tmp_path / "home" / ".pulumi").rglob("*")) == before


def test_record_says_what_was_chosen_and_why(install, own, tmp_path):
    assert install().changed
    record = json.loads((tmp_path / "environment" / RECORD).read_text())
    assert record["launcher"] == str(tmp_path / "environment/bin/engine")
    assert {part["name"]: part["source"] for part in record["parts"]} == dict.fromkeys(
        ("engine", "host", "plugin"), "path"
    )
    assert all(part["reason"] for part in record["parts"])
    assert not install().changed


def test_without_any_source_all_parts_are_named_at_once(install):
    with pytest.raises(ToolchainError) as caught:
        install(SLIPWAY_TOOLCHAIN="path")
    text = str(caught.value)
    assert "SLIPWAY_TOOLCHAIN=path" in text
    for words in ("Engine 9.1.0: no engine on PATH", "Host 9.0.0", "Plugin 2.0.0: no plugin on PATH"):
        assert words in text


def test_refusals_are_reported_before_a_build_and_prerequisites_stop_it(install, reporter, monkeypatch, tmp_path):
    monkeypatch.setattr("toolchain.go.locate", lambda *_: None)
    with pytest.raises(PrerequisitesMissingError, match="needed to build: Engine, Host, Plugin"):
        install()
    lines = reporter.lines()
    assert any(
        line.startswith("Engine 9.1.0: needs a build: no engine on PATH; no download: 127.0.0.1:9") for line in lines
    )
    assert list((tmp_path / "cache/toolchain").glob("*-*")) == []


@pytest.fixture
def downloads(monkeypatch):
    """Downloads that succeed for the parts named in the set."""
    offered = set()

    def fetch(self, part):
        if part.name not in offered:
            raise SourceUnavailableError("not offered")
        from toolchain.cache import new_entry
        from toolchain.sources.download import _digest

        entry = new_entry(
            part=part.name, version=part.version, source="download", inputs="", made_with="", verified="sha256 x"
        )
        with self._cache.staging(part.name) as staged:
            for name in part.release.members if part.name == "plugin" else ("engine", "host", "shim"):
                (staged / name).write_text(f"#!/bin/sh\necho {part.version}\n")
                (staged / name).chmod(0o755)
            return self._cache.publish(staged, _digest(part.release), entry)

    monkeypatch.setattr(Downloader, "fetch", fetch)
    return offered


def test_download_brings_the_host_along(install, downloads):
    downloads.update({"engine", "plugin"})
    made = install()
    assert [choice.source for choice in made.choices] == [Source.DOWNLOAD] * 3
    assert made.choices[1].folder == made.choices[0].folder == made.bin
    assert made.choices[1].reason == "comes with the Engine"
    assert subprocess.run([made.launcher], capture_output=True, text=True, check=True).stdout == "9.1.0\n"


def test_earlier_downloads_are_used_without_asking_again(install, downloads, monkeypatch):
    downloads.update({"engine", "plugin"})
    first = install()
    monkeypatch.setattr(Downloader, "fetch", None)
    assert install().bin == first.bin


def test_engine_that_appears_on_path_later_takes_over(install, downloads, own, tmp_path):
    downloads.update({"engine", "plugin"})
    made = install(SLIPWAY_TOOLCHAIN="download")
    assert made.choices[0].source is Source.DOWNLOAD
    made = install()
    assert [choice.source for choice in made.choices] == [Source.PATH] * 3
    assert made.changed


def test_plugin_link_is_switched_in_place(install, downloads, own, tmp_path):
    downloads.update({"engine", "plugin"})
    install(SLIPWAY_TOOLCHAIN="download")
    link = tmp_path / "cache/pulumi-home/plugins/resource-plugin-v2.0.0/plugin"
    assert link.resolve().is_relative_to(Cache(tmp_path / "cache").toolchain)
    install()
    assert link.resolve() == own
    assert [path.name for path in link.parent.iterdir()] == ["plugin"]


def test_cache_in_a_place_that_cannot_be_made_is_a_message(install, downloads, tmp_path):
    downloads.update({"engine", "plugin"})
    (tmp_path / "cache").write_text("a file where the cache should be")
    with pytest.raises(ToolchainError, match="cannot be written"):
        install()


def test_a_command_gets_a_launcher_and_lies_not_beside_the_engine(with_tool, own, tmp_path, executable):
    executable(tmp_path / "bin" / "tool", 'echo "3.0.0 $1"')
    made = with_tool()
    assert [choice.part.name for choice in made.choices] == ["engine", "host", "plugin", "tool"]
    answer = subprocess.run([tmp_path / "environment/bin/tool", "go"], capture_output=True, text=True, check=True)
    assert answer.stdout == "3.0.0 go\n"


def test_optional_parts_change_nothing_until_they_are_there(with_tool, own, tmp_path, executable):
    assert [choice.part.name for choice in with_tool("tool").choices] == ["engine", "host", "plugin"]
    assert not (tmp_path / "environment/bin/tool").exists()
    executable(tmp_path / "bin" / "tool", "echo 3.0.0")
    made = with_tool("tool")
    assert made.changed
    assert not with_tool("plugin").changed


def test_a_wanted_command_that_cannot_be_had_is_named(with_tool, own):
    with pytest.raises(ToolchainError, match=r"Tool 3\.0\.0: no tool on PATH"):
        with_tool()


def test_own_launcher_on_path_is_not_taken_for_the_command(with_tool, own, tmp_path, executable):
    real = executable(tmp_path / "bin" / "tool", "echo 3.0.0")
    with_tool()
    launcher = (tmp_path / "environment/bin/tool").read_text()
    real.write_text(launcher)
    assert [choice.part.name for choice in with_tool("tool").choices] == ["engine", "host", "plugin"]
