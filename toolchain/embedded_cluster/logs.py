"""Finds and shows what the parts of the cluster wrote; also when the cluster does not run."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PODS = "pods"
"""Folder, below that of the logs, in which the kubelet keeps a folder `<namespace>_<pod>_<uid>` for each pod."""


def find(folder: Path, part: str | None) -> list[Path]:
    """Log files of a part.

    Args:
        folder: Folder of logs of a cluster.
        part: Name of a process of the node, or some of a pod's name or namespace; None for all processes.

    Returns:
        The files, sorted; none when nothing has that name.
    """
    processes = sorted(path for path in folder.glob("*.log") if path.stat().st_size)
    if part is None:
        return processes
    named = [path for path in processes if path.stem == part]
    if named:
        return named
    pods = [pod for pod in (folder / PODS).glob("*_*_*") if part in pod.name.rpartition("_")[0]]
    return sorted(log for pod in pods for log in pod.glob("*/*.log"))


def show(files: Sequence[Path], *, lines: int, follow: bool) -> None:
    """Write the last lines of files on standard output, each under its name when there are several.

    Args:
        files: The files.
        lines: How many of each.
        follow: Whether to go on with what comes, over rotations, until interrupted.
    """
    options = [f"--lines={lines}", *(["--follow=name", "--retry"] if follow else [])]
    with contextlib.suppress(KeyboardInterrupt):
        subprocess.run(["tail", *options, "--", *files], check=False)
