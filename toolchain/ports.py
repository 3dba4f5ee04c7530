"""Who listens on a port of this machine."""

from __future__ import annotations

import psutil


def holder(port: int) -> str | None:
    """The process that listens on a TCP port, in words; None when nobody does or that cannot be seen."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,):
            try:
                name = psutil.Process(connection.pid).name() if connection.pid else "another user's process"
            except psutil.Error:
                name = "a process"
            return f"{name} (process {connection.pid or 'unknown'})"
    return None
