"""Writes zips whose bytes depend on names and contents only.

Entries are stored, not deflated: what a deflater puts out depends on the zlib that Python happens to be linked with
(docs/adr, "Packages are stored, not deflated"). Times, modes and the system that wrote it are fixed.
"""

from __future__ import annotations

import stat
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_EXECUTABLE = (b"\x7fELF", b"#!")


class ZipWriter:
    """Adds files to a new zip, or to one that this class wrote, in the order of the calls.

    Args:
        path: The zip.
        append: Whether to go on with an existing one.
    """

    def __init__(self, path: Path, *, append: bool = False) -> None:
        self._zip = zipfile.ZipFile(path, "a" if append else "w", zipfile.ZIP_STORED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._zip.close()

    def add(self, name: str, content: bytes) -> None:
        """Add a file; programs (ELF, or starting with `#!`) get mode 0755, all others 0644, whatever theirs was."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.create_system = _UNIX
        mode = 0o755 if content.startswith(_EXECUTABLE) else 0o644
        info.external_attr = (stat.S_IFREG | mode) << 16
        self._zip.writestr(info, content)

    def names(self) -> list[str]:
        """Names of all files so far."""
        return self._zip.namelist()
