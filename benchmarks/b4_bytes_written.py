"""Bytes written while creating: components and Slipway's settings against hand-written and the engine's defaults."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import CommandError, Measurement
from benchmarks.stacks import both, functions_for

if TYPE_CHECKING:
    from benchmarks.stacks import Stack

ID = "B4"
TARGET = 0.03
_RESOURCES = 300


def measure() -> Measurement:
    """Bytes that the engine's process tree had written to files, checkpoints on, for about 300 resources.

    The kernel counts them per process (`write_bytes` of /proc/PID/io, whole pages); pipes and sockets are not in it.
    Both sides are deterministic up to a few checkpoints, so each runs once.
    """
    functions = functions_for(_RESOURCES)
    with both(functions) as (_, ours, hand):
        lean, default = _written(ours), _written(hand)
        content = _state(ours) / _state(hand)
    if not lean or not default:
        raise CommandError("the kernel counts no bytes written below build/bench (a file system in memory?)")
    return Measurement(
        ratio=lean / default,
        note=f"{functions} functions, about {_RESOURCES} resources: {lean / 1e6:.1f} against {default / 1e6:.1f} MB; "
        f"the content of the last checkpoint alone is {content:.3f}, the rest are the pages of its small files",
    )


def _state(stack: Stack) -> int:
    """Bytes of the checkpoint as it lies in the state folder."""
    (found,) = (
        path for path in (stack.folder / "state/.pulumi/stacks").rglob("bench.json*") if path.suffix in {".json", ".gz"}
    )
    return found.stat().st_size


def _written(stack: Stack) -> int:
    """Bytes written by an update and all processes below it; the record stays until the engine is waited for."""
    process = subprocess.Popen(
        [os.fspath(word) for word in stack.command("up", "--yes", "--skip-preview", "--stack", "bench")],
        cwd=stack.folder,
        env=dict(stack.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    tail = process.stderr.read()[-2000:]
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    counted = dict(
        line.split(": ") for line in Path(f"/proc/{process.pid}/io").read_text(encoding="utf-8").splitlines()
    )
    if process.wait():
        raise CommandError(f"pulumi up ended with {process.returncode}: {tail.decode(errors='replace')}")
    return int(counted["write_bytes"])
