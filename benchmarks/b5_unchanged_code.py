"""Marginal preview CPU of an unchanged function's code: a key with its digest / a `FileArchive` of its zip.

Ours is measured where it happens, in the program: collecting the inputs of every function, warm, per function. To the
engine its result is one more string, as long as the fixed one of the third program. The other side is the CPU of
previews by the real engine with archives less those with fixed keys, per function; the zip is the package of the
sample `orders`, under a name of its own for each function. Building that zip is not counted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.echo_provider import serving
from benchmarks.harness import Measurement, call_cpu, command_cpu
from benchmarks.stacks import stack
from slipway.artifacts.builder import Builder
from slipway.artifacts.inputs import Collector
from slipway.core.project import Project

if TYPE_CHECKING:
    from benchmarks.stacks import Stack
    from slipway.artifacts.inputs import PackageInputs

ID = "B5"
TARGET = 0.05

_ROOT = Path(__file__).parent.parent
_FUNCTION = "orders"
_COUNT = 60
_ROUNDS = 5
_KINDS = ("key", "digest", "archive")


def measure() -> Measurement:
    with tempfile.TemporaryDirectory(prefix="slipway-b5-", dir=_ROOT / "build") as folder:
        scratch = Path(folder)
        project, cache = _project(scratch / "project"), scratch / "cache"
        inputs = _collect(project, cache, ["f0"])[0]
        package = Builder(project, cache).build(inputs).package
        _copies(scratch / "zips", package.path)
        time.sleep(2.5)  # files younger than the clock's grain are always read again
        names = [f"f{number}" for number in range(_COUNT)]
        _collect(project, cache, names)
        ours = statistics.median(call_cpu(lambda: _collect(project, cache, names)) for _ in range(_ROUNDS)) / _COUNT
        engine = _previews(scratch, project, cache)
    theirs = (engine["archive"] - engine["key"]) / _COUNT
    whole = (engine["digest"] - engine["key"]) / _COUNT
    previews = ", ".join(f"{seconds:.3g} with {kind}s" for kind, seconds in engine.items())
    note = (
        f"{ours * 1000:.3g} against {theirs * 1000:.3g} ms CPU per function, {_COUNT} functions, zip of "
        f"{package.size / 1e6:.1f} MB; whole previews: {previews}, so ours with imports and noise is "
        f"{whole * 1000:.3g} ms"
    )
    return Measurement(ours / theirs, note)


def _collect(project: Project, cache: Path, names: list[str]) -> list[PackageInputs]:
    collector = Collector(project, cache)
    target = {"runtime": "python3.11", "architecture": "x86_64"}
    found = [collector.collect(project.functions / name, **target, plain=False) for name in names]
    collector.save()
    return found


def _previews(scratch: Path, project: Project, cache: Path) -> dict[str, float]:
    """Median CPU seconds of an unchanged stack's preview, by how the code is given."""
    with contextlib.ExitStack() as open_until_the_end:
        provider = open_until_the_end.enter_context(serving())
        stacks: dict[str, Stack] = {}
        for kind in _KINDS:
            settings = {
                "BENCH_CODE": kind,
                "BENCH_ZIPS": str(scratch / "zips"),
                "BENCH_PROJECT": str(project.root),
                "SLIPWAY_CACHE_DIR": str(cache),
            }
            stacks[kind] = made = open_until_the_end.enter_context(stack("code", _COUNT, provider, **settings))
            words = made.command("up", "--yes", "--skip-preview", "--stack", "bench")
            subprocess.run(words, cwd=made.folder, env=dict(made.env), check=True, capture_output=True)
        costs: dict[str, list[float]] = {kind: [] for kind in _KINDS}
        for turn in range(_ROUNDS + 1):
            for kind in _KINDS if turn % 2 else reversed(_KINDS):
                made = stacks[kind]
                words = made.command("preview", "--expect-no-changes", "--stack", "bench")
                cost = command_cpu(words, cwd=made.folder, env=made.env)
                if turn:  # the first is for the caches
                    costs[kind].append(cost)
    return {kind: statistics.median(found) for kind, found in costs.items()}


def _project(root: Path) -> Project:
    """A project whose functions are all the sample `orders`, with the repository's shared code and runtime."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("runtime", "functions/shared"):
        shutil.copytree(_ROOT / name, root / name, ignore=ignore)
    for number in range(_COUNT):
        shutil.copytree(_ROOT / "functions" / _FUNCTION, root / "functions" / f"f{number}", ignore=ignore)
    (root / "Pulumi.yaml").write_text("name: slipway\n", encoding="utf-8")
    return Project(root)


def _copies(folder: Path, package: Path) -> None:
    """The package under one name for each function, with no more than one copy on the disk."""
    folder.mkdir()
    for number in range(_COUNT):
        os.link(package, folder / f"f{number}.zip")
