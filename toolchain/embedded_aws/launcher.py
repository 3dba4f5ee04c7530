"""Starts AWS's runtime client inside the limits of a sandbox. Run as a file, by the sandbox's own interpreter.

Arguments: the process that must outlive this one, the most bytes of memory it may have (0: no bound), the handler.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Bind this process to its parent's life, limit its memory, and become the runtime client."""
    parent, memory, handler = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if memory:
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    if os.getppid() != parent:
        sys.exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(sys.executable, [sys.executable, "-m", "awslambdaric", handler])  # noqa: S606 - no shell wanted


main()
