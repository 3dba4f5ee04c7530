import errno
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from toolchain.cache import Cache, new_entry, replace_text
from toolchain.errors import ToolchainError

DIGEST = "ab" * 32
ROOT = Path(__file__).parents[3]


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def publish(cache, digest=DIGEST, text="content", inputs="inputs"):
    entry = new_entry(part="p", version="1.0.0", source="build", inputs=inputs, made_with="go1", verified="x")
    with cache.staging("p") as staged:
        (staged / "file").write_text(text)
        return cache.publish(staged, digest, entry)


def test_publishes_under_part_version_and_digest(cache):
    folder = publish(cache)
    assert folder.path == cache.toolchain / f"p-1.0.0-{DIGEST[:12]}"
    assert cache.find("p", "1.0.0", DIGEST) == folder
    assert folder.entry.files["file"][0] == 7
    assert folder.damaged() == []


def test_nothing_is_left_in_staging(cache):
    publish(cache)
    with suppress(KeyboardInterrupt), cache.staging("p") as staged:
        (staged / "half").write_text("half")
        raise KeyboardInterrupt
    assert list((cache.toolchain / ".staging").iterdir()) == []


@pytest.mark.parametrize("harm", ["remove", "shorten", "no entry", "bad entry", "other entry"])
def test_incomplete_folder_is_not_found_and_can_be_published_again(cache, harm):
    path = publish(cache).path
    if harm == "remove":
        (path / "file").unlink()
    elif harm == "shorten":
        (path / "file").write_text("cont")
    elif harm == "no entry":
        (path / "entry.json").unlink()
    else:
        (path / "entry.json").write_text("{" if harm == "bad entry" else json.dumps({"files": {}}))
    assert cache.find("p", "1.0.0", DIGEST) is None
    assert publish(cache).damaged() == []
    assert cache.find("p", "1.0.0", DIGEST) is not None


def test_changed_content_of_the_same_size_is_damage(cache):
    folder = publish(cache)
    (folder.path / "file").write_text("CONTENT")
    assert folder.damaged() == ["file"]


def test_finds_the_same_inputs_whatever_tool_made_them(cache):
    publish(cache, "cd" * 32, inputs="other")
    wanted = publish(cache, inputs="mine")
    assert cache.find_inputs("p", "1.0.0", "mine") == wanted
    assert cache.find_inputs("p", "1.0.0", "nobody's") is None


def test_sweep_keeps_what_will_be_gone_on_with(cache):
    kept, old = cache.build_folder("p", DIGEST), cache.build_folder("p", "cd" * 32)
    staging = cache.toolchain / ".staging" / "p-left"
    for folder in (kept, old, staging):
        folder.mkdir(parents=True)
    cache.sweep([kept])
    assert (kept.exists(), old.exists(), staging.exists()) == (True, False, False)


HOLD = """
import sys
from contextlib import suppress
from pathlib import Path
from toolchain.cache import Cache
from toolchain.progress import Reporter
with Cache(Path(sys.argv[1])).lock("build the engine", Reporter()):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_process_waits_and_says_for_whom(cache, reporter):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(cache.root)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        told = []

        def say(message):
            told.append(message)
            holder.stdin.close()  # lets the holder finish only after the wait was told

        reporter.say = say
        with cache.lock("install", reporter):
            assert holder.wait() == 0
    assert f"waiting for process {holder.pid}, which started at" in told[0]
    assert told[0].endswith("to build the engine")


def test_lock_of_a_killed_process_is_free(cache, reporter):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(cache.root)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        holder.kill()
        holder.wait()
        with cache.lock("install", reporter):
            pass
    assert reporter.lines() == []


def test_replace_text_is_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "launcher"
    replace_text(target, "old", 0o755)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("old", 0o755)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ToolchainError, match="no space left for"):
        replace_text(target, "new", 0o755)
    assert [path.name for path in tmp_path.iterdir()] == ["launcher"]
    assert target.read_text() == "old"


def test_folders_are_published_whole_and_their_files_checked(cache):
    with cache.staging("tool") as staged:
        (staged / "config" / "core").mkdir(parents=True)
        (staged / "config" / "core" / "a.yaml").write_text("a: 1")
        (staged / "config" / "link").symlink_to("core/a.yaml")
        entry = new_entry(part="tool", version="1", source="build", inputs="i", made_with="", verified="v")
        folder = cache.publish(staged, "d" * 64, entry)
    assert list(folder.entry.files) == ["config/core/a.yaml"]
    assert folder.damaged() == []
    (folder.path / "config" / "core" / "a.yaml").write_text("a: 2")
    assert folder.damaged() == ["config/core/a.yaml"]
    assert cache.find("tool", "1", "d" * 64) == folder
    (folder.path / "config" / "core" / "a.yaml").unlink()
    assert cache.find("tool", "1", "d" * 64) is None
