"""Packaging 1,000 functions of which none changed / zipping them all.

Both sides run in a process of their own, so imports count for both. Ours collects the inputs of every function, with
digests, and finds each package in the cache; the other side writes a zip of each function's folder with Python's
`zipfile` at its default compression, the way packagers without a digest do.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import Measurement, command_cpu, compare

ID = "B7"
TARGET = 0.05

_FUNCTIONS = 1000
_FILES = 10
_ROOT = Path(__file__).parent.parent
_OURS = """
import sys
from pathlib import Path
from slipway.artifacts.builder import Builder
from slipway.artifacts.inputs import Collector
from slipway.core.project import Project

project = Project(Path(sys.argv[1]))
collector, builder, functions = Collector(project), Builder(project), project.functions
wanted = [
    collector.collect(functions / f"f{number}", runtime="python3.11", architecture="x86_64", plain=True)
    for number in range(int(sys.argv[2]))
]
collector.save()
built = sum(package.built for package in builder.build_all(wanted))
assert built in (0, len(wanted)), built
"""
_THEIRS = """
import os, sys, zipfile
from pathlib import Path

root, out = Path(sys.argv[1]) / "functions", Path(sys.argv[3])
for number in range(int(sys.argv[2])):
    folder = root / f"f{number}"
    with zipfile.ZipFile(out / f"f{number}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
"""


def measure() -> Measurement:
    with tempfile.TemporaryDirectory(prefix="slipway-b7-") as scratch:
        project, out, cache = (Path(scratch, name) for name in ("project", "out", "cache"))
        out.mkdir()
        _write_project(project)
        environment = {**os.environ, "SLIPWAY_CACHE_DIR": str(cache), "PYTHONPATH": str(_ROOT)}
        ours: list[str | Path] = [sys.executable, "-c", _OURS, project, str(_FUNCTIONS)]
        theirs: list[str | Path] = [sys.executable, "-c", _THEIRS, project, str(_FUNCTIONS), out]
        # Files younger than the clock's grain are always read again; a team's are not that young.
        time.sleep(2.5)
        subprocess.run(ours, env=environment, check=True)
        found = compare(
            lambda: command_cpu(ours, env=environment), lambda: command_cpu(theirs, env=environment), rounds=5
        )
        start_up = compare(
            lambda: command_cpu([*ours[:4], "0"], env=environment),
            lambda: command_cpu([*theirs[:4], "0", out], env=environment),
            rounds=5,
        )
    work = (found.ours - start_up.ours) / (found.theirs - start_up.theirs)
    note = (
        f"{_FUNCTIONS} functions, {_FUNCTIONS * _FILES} files: {found.describe()}; starting Python and importing is "
        f"{start_up.ours:.3g} of ours and {start_up.theirs:.3g} of theirs, with it the ratio is {found.ratio:.3f}"
    )
    return Measurement(work, note)


def _write_project(root: Path) -> None:
    """A project of 48 MB whose files are text that compresses like source code."""
    generator = random.Random(7)
    words = ["".join(generator.choices("abcdefghijklmnopqrstuvwxyz_", k=generator.randint(2, 12))) for _ in range(2000)]
    (root / "functions").mkdir(parents=True)
    (root / "Pulumi.yaml").write_text("name: slipway\n", encoding="utf-8")
    for number in range(_FUNCTIONS):
        folder = root / "functions" / f"f{number}"
        folder.mkdir()
        (folder / "main.py").write_text(f"def handler(event, context):\n    return {number}\n", encoding="utf-8")
        for index in range(1, _FILES):
            text = " ".join(generator.choices(words, k=750))
            (folder / f"data{index}.txt").write_text(text, encoding="utf-8")
