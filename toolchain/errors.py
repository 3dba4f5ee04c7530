"""Errors of the toolchain; each message says what happened and what to do."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_WRITABLE = frozenset({errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR})


class ToolchainError(Exception):
    """A part could not be installed; nothing half-made is visible."""


class SourceUnavailableError(ToolchainError):
    """One source cannot give a part; the next source in the order is tried. The message is the reason."""


class PrerequisitesMissingError(ToolchainError):
    """The machine lacks things that the work needs; nothing was started.

    Attributes:
        missing: One entry for each missing thing: what is missing, and the command that mends it.
    """

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__("before the build can start:\n" + "\n".join(f"  - {line}" for line in missing))
        self.missing = tuple(missing)


@contextmanager
def disk_errors_named(doing: str, folder: Path) -> Iterator[None]:
    """Turn "no space left" and its relatives into a message that names the folder and the remedy.

    Args:
        doing: What was going on, as in "unpacking the Pulumi engine".
        folder: Where it wrote to.

    Raises:
        ToolchainError: The disk or the quota is full, a size limit was hit, or the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise ToolchainError(no_space(doing, folder)) from error
        if error.errno in _NOT_WRITABLE:
            raise ToolchainError(
                f"{doing}: {error.filename or folder} cannot be written ({error.strerror}); "
                f"set SLIPWAY_CACHE_DIR to a folder of yours"
            ) from error
        raise


def no_space(doing: str, folder: Path) -> str:
    """The message for a full disk, quota or file size limit."""
    return (
        f"{doing}: no space left for {folder} (disk, quota or file size limit); free some space, or set "
        f"SLIPWAY_CACHE_DIR to a folder on a larger disk, and run the same command again: it goes on where it stopped"
    )
