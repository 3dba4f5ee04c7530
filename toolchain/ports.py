"""Who listens on a port of this machine."""

from __future__ import annotations

import dataclasses

import psutil


@dataclasses.dataclass(frozen=True, slots=True)
class Holder:
    """A process that listens on a port.

    Attributes:
        pid: Its id; None when this user may not see it.
        name: Its name, or what can be said instead.
        command: Its command line, as far as this user may see it.
    """

    pid: int | None
    name: str
    command: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The process in words."""
        return f"{self.name} (process {self.pid or 'unknown'})"


def holder(port: int) -> Holder | None:
    """The process that listens on a TCP port; None when nobody does or that cannot be seen."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,):
            return _holder(connection.pid)
    return None


def _holder(pid: int | None) -> Holder:
    if not pid:
        return Holder(None, "another user's process")
    try:
        process = psutil.Process(pid)
        return Holder(pid, process.name(), tuple(process.cmdline()))
    except psutil.Error:
        return Holder(pid, "a process")
