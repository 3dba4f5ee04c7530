"""Dependency bundle of 40 MB, made anew from warm caches / `pip install --target` of the same lock file.

Ours counts the whole command: Python, uv, normalising and writing the zip. So does pip's, with its download cache warm
and its defaults, which compile byte code; the note says what it takes without. Ours is made in another place each time
and compared byte by byte.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import venv
from pathlib import Path

from benchmarks.harness import Measurement, command_cpu, compare
from slipway.artifacts.store import file_sha256

ID = "B9"
TARGET = 0.1

_ROOT = Path(__file__).parent.parent
_LOCK = Path(__file__).parent / "b9_requirements.txt"
_OURS = """
import sys
from pathlib import Path
from slipway.artifacts.bundle import bundle
from slipway.artifacts.inputs import collect
from slipway.artifacts.store import Store
from slipway.core.project import Project

project, store = Project(Path(sys.argv[1])), Store(Path(sys.argv[2]))
target = {"runtime": "python3.11", "architecture": "x86_64", "plain": True}
inputs = collect(project.functions / "bench", project=project, **target)
bundle(inputs, store=store, cwd=project.root)
"""


def measure() -> Measurement:
    with tempfile.TemporaryDirectory(prefix="slipway-b9-") as folder:
        scratch = Path(folder)
        project = _project(scratch / "project")
        venv.create(scratch / "pip", with_pip=True)
        sums: list[str] = []

        def ours() -> float:
            store = scratch / f"store{len(sums)}"
            environment = {**os.environ, "SLIPWAY_CACHE_DIR": str(scratch / "cache"), "PYTHONPATH": str(_ROOT)}
            cpu = command_cpu([sys.executable, "-c", _OURS, project, store], env=environment)
            sums.append(file_sha256(next(store.glob("*.zip"))))
            shutil.rmtree(store)
            return cpu

        def theirs(*options: str) -> float:
            target = scratch / "target"
            shutil.rmtree(target, ignore_errors=True)
            words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
            words += ["--only-binary", ":all:", "--target", str(target), *options]
            words += ["--platform", "manylinux2014_x86_64", "--python-version", "3.11", "--requirement", str(_LOCK)]
            return command_cpu([scratch / "pip/bin/python", *words])

        found = compare(ours, theirs, rounds=3)
        plain = theirs("--no-compile")
    if len(set(sums)) != 1:
        raise AssertionError(f"{len(set(sums))} different bundles out of {len(sums)}")
    same = f"{len(sums)} bundles, all byte-identical"
    return Measurement(found.ratio, f"{found.describe()}; pip --no-compile takes {plain:.3g}; {same}")


def _project(root: Path) -> Path:
    """A project with one plain function that has the benchmark's lock file."""
    function = root / "functions" / "bench"
    function.mkdir(parents=True)
    (root / "Pulumi.yaml").write_text("name: slipway\n", encoding="utf-8")
    (function / "main.py").write_text("def handler(event, context):\n    return 1\n", encoding="utf-8")
    shutil.copy(_LOCK, function / "requirements.txt")
    return root
