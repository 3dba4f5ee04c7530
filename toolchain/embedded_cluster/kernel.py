"""The few system calls that Python does not offer."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE, MS_SHARED = 1 << 12, 1 << 14, 1 << 18, 1 << 20
_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str | Path, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount a file system; the arguments are those of the system call.

    Raises:
        OSError: The kernel refuses; the message names the target.
    """
    words = [os.fsencode(word) if word else None for word in (source, str(target), kind, data)]
    source_, target_, kind_, data_ = words
    if _libc.mount(source_, target_, kind_, ctypes.c_ulong(flags), data_) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot mount {kind or source}: {os.strerror(number)}", str(target))


def set_host_name(name: str) -> None:
    """Name this UTS namespace."""
    value = name.encode()
    if _libc.sethostname(value, ctypes.c_size_t(len(value))) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
