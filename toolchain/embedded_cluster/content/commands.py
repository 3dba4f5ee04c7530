"""Runs the programs that the content is installed with."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from toolchain.embedded_cluster.errors import EmbeddedClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TAIL = 12
"""Lines of a failed command's standard error that the message shows."""


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None, timeout_s: float = 600.0) -> str:
    """Run a command and return its standard output.

    Args:
        command: Program and arguments.
        env: Its whole environment, or None for ours.
        timeout_s: Longest time that it may take.

    Raises:
        EmbeddedClusterError: It cannot be started, takes too long or ends with another status than 0.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=timeout_s)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise failed(command, str(error)) from error
    if done.returncode:
        raise failed(command, done.stderr)
    return done.stdout


def failed(command: Sequence[str], said: str) -> EmbeddedClusterError:
    """The error for a command that failed, with the end of what it said."""
    last = "\n".join(said.strip().splitlines()[-_TAIL:])
    return EmbeddedClusterError(f"`{' '.join(map(str, command))}` failed: {last or 'it said nothing'}")
