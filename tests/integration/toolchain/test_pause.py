"""The program that holds a pod's namespaces: it must reap what is orphaned to it, and end when it is told to."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "toolchain" / "kubernetes" / "pause" / "main.go"
BECOME = """
import os, sys
if os.fork() == 0:
    print(os.getpid(), flush=True)
    sys.stdout.close()
    os.close(1)
    sys.stdin.readline()
    os._exit(0)
os.close(1)
os.execv(sys.argv[1], [sys.argv[1]])
"""
"""Becomes the program while it already has a child, which ends with its input."""


@pytest.fixture(scope="module")
def pause(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pause")
    shutil.copyfile(SOURCE, folder / "main.go")
    (folder / "go.mod").write_text("module example.test/pause\n\ngo 1.21\n")
    go = shutil.which("go") or "/usr/local/go/bin/go"
    env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    subprocess.run([go, "build", "-o", folder / "pause", "."], cwd=folder, check=True, env=env)
    return folder / "pause"


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_reaps_its_children_and_ends_well_when_it_is_told_to(pause, told):
    command = [sys.executable, "-c", BECOME, pause]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        child = Path("/proc") / process.stdout.read().decode().strip()
        assert child.exists()
        process.stdin.close()
        while child.exists():  # a child that nobody reaps stays there for ever, and the test runs into its time limit
            os.sched_yield()
        process.send_signal(told)
        assert process.wait() == 0
