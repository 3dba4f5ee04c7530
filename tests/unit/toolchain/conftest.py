import io
from pathlib import Path

import pytest
from rich.console import Console

from toolchain.parts import ModuleSet, Part, Release
from toolchain.progress import Reporter


@pytest.fixture
def reporter():
    """A reporter whose lines can be read back with `reporter.lines()`."""
    stream = io.StringIO()
    made = Reporter(Console(file=stream, width=500, highlight=False))
    made.lines = lambda: stream.getvalue().splitlines()
    return made


@pytest.fixture
def executable():
    """Writes an executable script."""

    def write(path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def modules(tmp_path):
    """A Go module of the test's own: two packages, nothing to download."""
    folder = tmp_path / "modules"
    (folder / "greet").mkdir(parents=True)
    (folder / "go.mod").write_text("module example.test/tiny\n\ngo 1.21\n")
    (folder / "go.sum").write_text("")
    (folder / "greet" / "greet.go").write_text('package greet\n\nconst Words = "9.1.0"\n')
    (folder / "main.go").write_text(
        'package main\n\nimport "example.test/tiny/greet"\n\nfunc main() { println(greet.Words) }\n'
    )
    return ModuleSet(folder=folder, package=".", version_symbol="", cpu_seconds=60, disk_mb=1)


@pytest.fixture
def engine(modules):
    release = Release("http://127.0.0.1:9", "engine.tar.gz", ("checksums.txt",), ("engine", "host"))
    return Part(
        "engine", "Engine", "9.1.0", "engine", modules, version_command=("version",), release=release,
        newer_is_compatible=True,
    )  # fmt: skip


@pytest.fixture
def host(modules):
    return Part("host", "Host", "9.0.0", "host", modules, comes_with="engine")


@pytest.fixture
def plugin(modules):
    release = Release("http://127.0.0.1:9", "plugin.tar.gz", ("checksums.txt",), ("plugin",))
    return Part(
        "plugin", "Plugin", "2.0.0", "plugin", modules, version_command=("-version",), release=release,
        plugin="resource-plugin-v2.0.0",
    )  # fmt: skip
