"""Processes that an engine left behind when it was killed: its plugins go on with the calls they had begun."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from slipway.core.project import Project

_PLUGINS = ("pulumi-resource-", "pulumi-language-", "pulumi-analyzer-")
_GRACE_S = 10.0


def find(project: Project) -> list[psutil.Process]:
    """Plugins that work on this project and whose engine is gone, each with its own children."""
    orphans: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if (
                _name(process).startswith(_PLUGINS)
                and not _has_engine(process)
                and Path(process.cwd()).is_relative_to(project.root)
            ):
                orphans += [process, *process.children(recursive=True)]
        except psutil.Error:
            continue  # it ended meanwhile, or belongs to somebody else
    return list(dict.fromkeys(orphans))


def stop(processes: list[psutil.Process]) -> None:
    """End processes: asked first, killed after 10 s."""
    for process in processes:
        _signal(process, "terminate")
    _, alive = psutil.wait_procs(processes, timeout=_GRACE_S)
    for process in alive:
        _signal(process, "kill")
    psutil.wait_procs(alive, timeout=_GRACE_S)


def _signal(process: psutil.Process, how: str) -> None:
    try:
        getattr(process, how)()
    except psutil.NoSuchProcess:
        return


def _has_engine(process: psutil.Process) -> bool:
    return any(_name(parent) == "pulumi" for parent in process.parents())


def _name(process: psutil.Process) -> str:
    """Name of the program; the kernel cuts its own copy to 15 characters."""
    line = process.cmdline()
    return Path(line[0]).name if line else process.name()
