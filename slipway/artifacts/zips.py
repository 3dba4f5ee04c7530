"""Writes zips whose bytes depend on names and contents only.

Entries are stored, not deflated: what a deflater puts out depends on the zlib that Python happens to be linked with.
Headers are written here and not by `zipfile`, whose headers follow Python's version; times, modes and the system that
wrote it are fixed. Reasons and figures: docs/adr, "Packages are stored, not deflated".

Source of the format: PKWARE's APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16
(its end). https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import os
import shutil
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_VERSION = 20  # 2.0: what a reader must know
_MADE_BY = 3 << 8 | _VERSION  # Unix, so that modes count
_UTF8 = 1 << 11
_STORED = 0
_TIME, _DATE = 0, 1 << 5 | 1  # midnight, 1980-01-01
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_BEGIN = 6  # where the central directory begins, among the fields of its end
_EXECUTABLE = (b"\x7fELF", b"#!")
_MAX_ENTRIES, _MAX_BYTES = 2**16 - 1, 2**32 - 1


def mode_of(content: bytes) -> int:
    """Permissions that a file gets: 0755 for programs (ELF, or starting with `#!`), else 0644, whatever its own are."""
    return 0o755 if content.startswith(_EXECUTABLE) else 0o644


class ZipWriter:
    """Writes a zip, file by file, in the order of the calls; use it in a `with` statement.

    Args:
        path: The zip; an existing file is replaced.
        start: A zip that this class wrote, whose files come first.
    """

    def __init__(self, path: Path, *, start: Path | None = None) -> None:
        self._central: list[bytes] = []
        self.names: list[str] = []
        if start is not None:
            shutil.copyfile(start, path)
        self._file = path.open("wb" if start is None else "r+b")
        if start is not None:
            with zipfile.ZipFile(start) as archive:
                self.names = archive.namelist()
            self._file.seek(-_END.size, os.SEEK_END)
            begin = _END.unpack(self._file.read())[_BEGIN]
            self._file.seek(begin)
            self._central.append(self._file.read()[: -_END.size])
            self._file.seek(begin)
            self._file.truncate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._file:
            begin = self._file.tell()
            directory = b"".join(self._central)
            count = len(self.names)
            self._file.write(directory)
            self._file.write(_END.pack(b"PK\5\6", 0, 0, count, count, len(directory), begin, 0))

    def add(self, name: str, content: bytes) -> None:
        """Add a file with the mode of `mode_of`.

        Raises:
            ValueError: The zip would need the 64-bit format, which is far beyond what Lambda takes.
        """
        offset = self._file.tell()
        if len(self.names) >= _MAX_ENTRIES or offset + len(content) > _MAX_BYTES:
            raise ValueError(f"{name}: more than {_MAX_ENTRIES} files or {_MAX_BYTES} bytes in one zip")
        encoded = name.encode()
        flags = 0 if name.isascii() else _UTF8
        mode = stat.S_IFREG | mode_of(content)
        size = len(content)
        fields = (_VERSION, flags, _STORED, _TIME, _DATE, zlib.crc32(content), size, size, len(encoded), 0)
        self._file.write(_LOCAL.pack(b"PK\3\4", *fields) + encoded)
        self._file.write(content)
        # After the common fields: no comment, first disk, no internal attributes; then the mode, and where it starts.
        central = _CENTRAL.pack(b"PK\1\2", _MADE_BY, *fields, 0, 0, 0, mode << 16, offset)
        self._central.append(central + encoded)
        self.names.append(name)
