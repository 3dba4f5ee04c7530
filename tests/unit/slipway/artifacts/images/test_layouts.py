import os
import threading
import time

import pytest

from slipway.artifacts.images.layouts import Layouts
from slipway.artifacts.store import CacheError

KEY = "ab" * 32


@pytest.fixture
def layouts(tmp_path):
    return Layouts(tmp_path / "built")


def write(layout, work):
    assert list(layout.iterdir()) == list(work.iterdir()) == []
    (layout / "index.json").write_text("x" * 10)
    return "sha256:1"


def test_built_once(layouts):
    first, second = layouts.get_or_build(KEY, write), layouts.get_or_build(KEY, write)
    assert (first.built, second.built) == (True, False)
    assert first.digest == second.digest == "sha256:1"
    assert (second.layout / "index.json").read_text() == "x" * 10


@pytest.mark.parametrize("damage", ["index.json", "slipway.json"])
def test_a_damaged_one_is_built_again(layouts, damage):
    built = layouts.get_or_build(KEY, write)
    (built.layout / damage).write_text("")
    assert layouts.get_or_build(KEY, write).built
    assert (built.layout / "index.json").read_text() == "x" * 10


def test_a_failed_build_leaves_nothing(layouts):
    def fail(layout, work):
        (layout / "half").write_text("")
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        layouts.get_or_build(KEY, fail)
    assert [path.name for path in layouts.folder.iterdir()] == ["locks"]


def test_two_that_want_the_same_build_it_once(layouts):
    count = []

    def slow(layout, work):
        count.append(1)
        return write(layout, work)

    barrier = threading.Barrier(4)

    def get():
        barrier.wait(30)
        layouts.get_or_build(KEY, slow)

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(count) == 1


def test_what_is_not_used_is_pruned(layouts):
    old, new = layouts.get_or_build(KEY, write), layouts.get_or_build("cd" * 32, write)
    os.utime(old.layout / "slipway.json", (0, 0))
    scratch = layouts.folder / "scratch-killed"
    scratch.mkdir()
    os.utime(scratch, (0, 0))
    removed, size = layouts.prune(max_age_days=30)
    assert (removed, size > 10) == (1, True)
    assert (old.layout.exists(), scratch.exists(), new.layout.exists()) == (False, False, True)


def test_what_is_used_is_not_pruned(layouts):
    built = layouts.get_or_build(KEY, write)
    os.utime(built.layout / "slipway.json", (0, time.time() - 2 * 86_400))
    layouts.get_or_build(KEY, write)
    assert layouts.prune(max_age_days=1) == (0, 0)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match="SLIPWAY_CACHE_DIR"):
        Layouts(tmp_path / "file").get_or_build(KEY, write)
