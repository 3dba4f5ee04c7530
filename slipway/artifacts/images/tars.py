"""Writes layers whose bytes depend on names and contents only.

Layers are not compressed, for the reason that packages are not (docs/adr, "Packages are stored, not deflated"). Owner,
modes, times and order are fixed, and every folder has an entry of its own, because whoever unpacks a layer would choose
what a missing one is like. The format is POSIX pax as `tarfile` writes it; a test holds its bytes.
"""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from slipway.artifacts.zips import mode_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EPOCH = 315_532_800
"""Time of everything in an image: midnight, 1980-01-01, in seconds since 1970; what zips begin with."""
_FOLDER_MODE = 0o755


def write_layer(path: Path, files: Iterable[tuple[str, bytes]], *, root: str) -> int:
    """Write a layer.

    Args:
        path: The tar; an existing file is replaced.
        files: Name below `root` (forward slashes) and content, in any order.
        root: Absolute path of the folder in the image that they lie in.

    Returns:
        Bytes of all contents.
    """
    held = {f"{root.strip('/')}/{name}": content for name, content in files}
    folders = {above for name in held for above in _above(name)} | set(_above(f"{root.strip('/')}/x"))
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT, encoding="utf-8") as tar:
        # By the bytes of the names, so that a folder comes before what is in it.
        for name in sorted({*held, *folders}, key=lambda name: name.encode("utf-8", "surrogateescape")):
            entry = tarfile.TarInfo(name)
            entry.mtime = EPOCH
            content = held.get(name)
            if content is None:
                entry.type = tarfile.DIRTYPE
                entry.mode = _FOLDER_MODE
                tar.addfile(entry)
            else:
                entry.size = len(content)
                entry.mode = mode_of(content)
                tar.addfile(entry, io.BytesIO(content))
    return sum(map(len, held.values()))


def _above(name: str) -> list[str]:
    parts = name.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
