"""Reads files that strangers wrote: bounded, never outside their folder, never blocking on a pipe or device."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class UnreadableError(Exception):
    """A file that cannot be used as it is.

    Attributes:
        rule: Identifier of the finding.
        message: What is wrong, as one clause.
        remedy: What to do about it, as one clause.
    """

    def __init__(self, rule: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.remedy = remedy


def leaves(path: Path, folder: Path) -> bool:
    """Whether a path, with all its symbolic links followed, lies outside a folder; dangling and looping links do."""
    try:
        return not path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return True


def read_text(path: Path, *, inside: Path, limit: int) -> str:
    """Text of a regular UTF-8 file; a byte order mark is dropped, line ends stay as they are.

    Args:
        path: The file.
        inside: Folder that the file must really lie in, after following symbolic links.
        limit: Most bytes that are read; a bigger file is refused without being read.

    Raises:
        UnreadableError: Missing, not a regular file, outside the folder, too big, not UTF-8, or not permitted.
    """
    content = _read_bytes(path, inside=inside, limit=limit)
    if content[:2] in _BOMS:
        raise UnreadableError("bad-encoding", f"is {_BOMS[content[:2]]}, expected UTF-8", "save it as UTF-8")
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        found = f"is not UTF-8: byte 0x{content[error.start]:02x} at offset {error.start}"
        raise UnreadableError("bad-encoding", found, "save it as UTF-8") from None


def _read_bytes(path: Path, *, inside: Path, limit: int) -> bytes:
    if path.is_symlink() and leaves(path, inside):
        raise UnreadableError(
            "symlink-outside", "is a symbolic link that leaves its folder or leads nowhere", "put the file itself there"
        )
    try:
        # Non-blocking, so that opening a named pipe does not wait for its writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _not_opened(error) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("not-a-file", "is not a regular file", "put a text file there")
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = b"" if status.st_size > limit else file.read(limit + 1)
    except OSError as error:
        raise _not_opened(error) from None
    finally:
        os.close(handle)
    size = max(status.st_size, len(content))
    if size > limit:
        remedy = "shorten it; data belongs elsewhere"
        raise UnreadableError("file-too-big", f"has {size} bytes, at most {limit} are read", remedy)
    return content


def _not_opened(error: OSError) -> UnreadableError:
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return UnreadableError("missing-file", "does not exist", "create it")
    if error.errno in {errno.ENXIO, errno.EISDIR, errno.ENODEV}:
        return UnreadableError("not-a-file", "is not a regular file", "put a text file there")
    reason = os.strerror(error.errno) if error.errno else "unknown reason"
    return UnreadableError("unreadable-file", f"cannot be read: {reason}", "check its permissions")
