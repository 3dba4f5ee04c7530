import dataclasses

import pytest

from toolchain.cache import Cache
from toolchain.errors import ToolchainError
from toolchain.obtain import Obtainer
from toolchain.plan import Source


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def obtainer(cache, reporter, tmp_path):
    def make(*parts, optional=(), **env):
        env = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), "SLIPWAY_TOOLCHAIN": "path", **env}
        return Obtainer(cache, env, reporter, parts, optional)

    return make


def test_what_is_there_is_taken_without_a_lock(obtainer, engine, cache, tmp_path, executable):
    executable(tmp_path / "bin" / "engine", "echo 9.1.0")
    choices = obtainer(engine).obtain()
    assert choices["engine"].source is Source.PATH
    assert not cache.toolchain.exists()


def test_optional_parts_are_never_fetched(obtainer, engine, plugin, tmp_path, executable):
    executable(tmp_path / "bin" / "engine", "echo 9.1.0")
    obtaining = obtainer(engine, plugin, optional=("plugin",))
    assert list(obtaining.obtain()) == ["engine"]
    assert obtaining.lacking({}) == (engine,)


def test_optional_parts_are_taken_where_they_are(obtainer, engine, plugin, tmp_path, executable):
    executable(tmp_path / "bin" / "engine", "echo 9.1.0")
    executable(tmp_path / "bin" / "plugin", "echo 2.0.0")
    assert list(obtainer(engine, plugin, optional=("plugin",)).obtain()) == ["engine", "plugin"]


def test_wanted_parts_that_cannot_be_had_are_named(obtainer, engine, plugin):
    with pytest.raises(ToolchainError) as caught:
        obtainer(engine, plugin, optional=("engine",)).obtain()
    assert "Plugin 2.0.0: no plugin on PATH" in str(caught.value)
    assert "Engine" not in str(caught.value)


def test_a_part_without_archive_says_so(obtainer, plugin, reporter, monkeypatch):
    monkeypatch.setattr("toolchain.go.locate", lambda *_: None)
    alone = dataclasses.replace(plugin, release=None)
    with pytest.raises(ToolchainError):
        obtainer(alone, SLIPWAY_TOOLCHAIN="download,build").obtain()
    assert "Plugin 2.0.0: needs a build: its publisher offers no archive" in reporter.lines()


def test_a_part_that_came_meanwhile_is_not_made_again(obtainer, engine, monkeypatch, tmp_path, executable):
    """Another process may have installed it while this one waited for the lock."""
    obtaining = obtainer(engine)
    original = obtaining.locked

    def waiting(present):
        executable(tmp_path / "bin" / "engine", "echo 9.1.0")
        return original(present)

    monkeypatch.setattr(obtaining, "locked", waiting)
    assert obtaining.obtain()["engine"].source is Source.PATH
