import json
import os
import sys
from pathlib import Path

import pytest

from tests.unit.toolchain.conftest import engine, executable, host, modules, plugin, reporter  # noqa: F401

ROOT = Path(__file__).parents[3]

SCRIPT = """
import dataclasses, json, os, resource, sys
from pathlib import Path
from toolchain.errors import ToolchainError
from toolchain.installer import Installer, installation_record
from toolchain.parts import ModuleSet, Part
from toolchain.progress import Reporter

given = json.loads(sys.argv[1])
if given["limit"]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (given["limit"], given["limit"]))
modules = ModuleSet(Path(given["modules"]), ".", "", cpu_seconds=60, disk_mb=1)
parts = (
    Part("engine", "Engine", "9.1.0", "engine", modules, version_command=("version",)),
    Part("plugin", "Plugin", "2.0.0", "plugin", modules, plugin="resource-plugin-v2.0.0"),
)
installer = Installer(
    cache_root=Path(given["cache"]), environment=Path(given["environment"]), project=Path("/project"),
    env={**os.environ, "SLIPWAY_TOOLCHAIN": "build"}, reporter=Reporter(), parts=parts,
)
try:
    print(json.dumps(installation_record(installer.install())))
except ToolchainError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
"""


@pytest.fixture
def command(tmp_path, modules):  # noqa: F811
    """The command line of a process that installs two parts from the test's own Go module."""

    def make(environment="environment", limit=0):
        given = {
            "modules": str(modules.folder),
            "cache": str(tmp_path / "cache"),
            "environment": str(tmp_path / environment),
            "limit": limit,
        }
        return [sys.executable, "-c", SCRIPT, json.dumps(given)]

    return make


@pytest.fixture
def go_env(tmp_path):
    """An environment whose `go` notes each call in `go-calls` and, if the file `hold` exists, waits for its removal."""
    import shutil

    real = shutil.which("go") or "/usr/local/go/bin/go"
    wrapper = tmp_path / "go-bin" / "go"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\necho "$1" >> "{tmp_path}/go-calls"\n'
        f'if [ "$1" = build ] && [ -p "{tmp_path}/hold" ]; then echo reached > "{tmp_path}/hold"; read _ < "{tmp_path}/hold"; fi\n'
        f'exec "{real}" "$@"\n'
    )
    wrapper.chmod(0o755)
    return {**os.environ, "PATH": f"{wrapper.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def go_calls(tmp_path):
    return lambda: (tmp_path / "go-calls").read_text().split()
