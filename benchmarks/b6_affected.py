"""Which of 1,000 functions a change touches, in-process / what git alone takes to list changed paths and trees.

On commits the other side is `git diff-tree` and `git ls-tree`; on a work tree, `git status`. Git lists paths and knows
nothing of imports, locks, settings or digests. One function of the thousand differs, in a commit or in the work tree.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import Measurement, call_cpu, compare
from slipway.changes.affected import affected
from slipway.core.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "B6"
TARGET = 2.0

_FUNCTIONS = 1000
_FILES = 10
_MANIFEST = "owner: team\nruntime: python3.11\nhandler: main:run\n"
_STACK = 'config:\n  slipway:target: lambda\n  slipway:aws: {account: "123456789012", region: eu-central-1}\n'
_ON_A_WORK_TREE = 1.5


def measure() -> Measurement:
    with tempfile.TemporaryDirectory(prefix="slipway-b6-") as scratch, _cache(Path(scratch) / "cache"):
        root = Path(scratch) / "project"
        _write_project(root)
        _git(root, "init", "--quiet", "--initial-branch", "main")
        first = _commit(root)
        _change(root, "once")
        _commit(root)
        # Files younger than the clock's grain are always read again; a team's are not that young.
        time.sleep(2.5)
        committed = compare(
            lambda: call_cpu(lambda: _affected(root, first)),
            lambda: call_cpu(lambda: _listed(root, first)),
            rounds=5,
        )
        _change(root, "twice")
        dirty = compare(
            lambda: call_cpu(lambda: _affected(root, "HEAD")),
            lambda: call_cpu(lambda: _git(root, "status", "--porcelain", "-z")),
            rounds=5,
        )
    note = (
        f"{_FUNCTIONS} functions, {_FUNCTIONS * _FILES} files, one changed; on commits {committed.describe()}, on a "
        f"work tree {dirty.describe()}. Ours always looks at the work tree too (most is `git status`), starts git "
        "about 15 times, and compares digests and settings of both states"
    )
    return Measurement(committed.ratio, note, parts={"work tree": (dirty.ratio, _ON_A_WORK_TREE)})


def _affected(root: Path, base: str) -> None:
    found = affected(Project(root), base=base, environ={})
    assert list(found.functions) == ["f7"], found.functions


def _listed(root: Path, base: str) -> None:
    _git(root, "diff-tree", "-r", "-z", "--name-only", base, "HEAD")
    _git(root, "ls-tree", "-z", "HEAD", "functions/")


def _change(root: Path, text: str) -> None:
    (root / "functions/f7/data1.txt").write_text(text, encoding="utf-8")


def _commit(root: Path) -> str:
    who = ("-c", "user.name=b6", "-c", "user.email=b6@example.com")
    _git(root, "add", "--all")
    _git(root, *who, "commit", "--quiet", "--message", "change")
    return _git(root, "rev-parse", "HEAD").strip()


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout


@contextlib.contextmanager
def _cache(folder: Path) -> Iterator[None]:
    before = os.environ.get("SLIPWAY_CACHE_DIR")
    os.environ["SLIPWAY_CACHE_DIR"] = os.fspath(folder)
    try:
        yield
    finally:
        os.environ.pop("SLIPWAY_CACHE_DIR")
        if before is not None:
            os.environ["SLIPWAY_CACHE_DIR"] = before


def _write_project(root: Path) -> None:
    files = {"Pulumi.yaml": "name: slipway\n", "stacks/Pulumi.prod.yaml": _STACK}
    files |= {f"runtime/{name}": "" for name in ("requirements.in", "requirements.txt", "slipway_runtime/__init__.py")}
    for number in range(_FUNCTIONS):
        folder = f"functions/f{number}"
        files[f"{folder}/function.yaml"] = _MANIFEST
        files[f"{folder}/main.py"] = f"def run(event, context):\n    return {number}\n"
        files |= {f"{folder}/data{index}.txt": f"{number} {index}" * 400 for index in range(1, _FILES - 1)}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
