"""How commands on the machine talk to the supervisor: one line of JSON each way, over a socket in the state folder."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TIMEOUT_S = 5.0
_MOST = 1 << 20


@contextlib.contextmanager
def address(path: Path) -> Iterator[str]:
    """A name for a socket in a folder whose path may be longer than a socket's address can be."""
    folder = os.open(path.parent, os.O_PATH)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(path: Path) -> socket.socket:
    """A listening socket at a path; one that was left behind is replaced."""
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with address(path) as name:
        server.bind(name)
    path.chmod(0o600)
    server.listen()
    return server


def ask(path: Path, request: dict[str, Any], timeout_s: float = _TIMEOUT_S) -> dict[str, Any] | None:
    """Send a request to the supervisor.

    Args:
        path: Its socket.
        request: `do` and what belongs to it.
        timeout_s: Longest time without an answer.

    Returns:
        The answer; None when nobody answers.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client, address(path) as name:
            client.settimeout(timeout_s)
            client.connect(name)
            client.sendall(json.dumps(request).encode() + b"\n")
            text = b"".join(iter(lambda: client.recv(_MOST), b""))
        answer = json.loads(text)
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def receive(connection: socket.socket) -> dict[str, Any]:
    """The request of a client; an empty one when it sent nonsense or nothing in time."""
    connection.settimeout(_TIMEOUT_S)
    try:
        with connection.makefile("rb") as stream:
            request = json.loads(stream.readline(_MOST))
    except (OSError, ValueError):
        return {}
    return request if isinstance(request, dict) else {}
