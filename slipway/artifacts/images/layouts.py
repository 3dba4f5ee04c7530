"""The local cache of images: a folder in the OCI image layout for each digest of inputs, complete or absent."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from slipway.artifacts.store import SCRATCH, writing_to

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTE = "slipway.json"
_DAY_S = 86_400


@dataclasses.dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image that lies in the cache.

    Attributes:
        digest: Digest of its manifest, `sha256:...`, by which it is deployed.
        layout: The folder that holds it, in the OCI image layout.
        built: Whether it was built now; False when it was there.
        seconds: How long that took.
    """

    digest: str
    layout: Path
    built: bool
    seconds: float


class Layouts:
    """Images by the digest of what they are made of; two processes that want the same one make it once.

    Args:
        folder: Where they lie; made when first needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get_or_build(self, key: str, write: Callable[[Path, Path], str]) -> BuiltImage:
        """The image of a key, built if it is missing or damaged.

        Args:
            key: Digest (hex) of everything that decides the image.
            write: Is given an empty folder for the layout and one for its own use, and returns the image's digest.

        Raises:
            CacheError: The cache folder cannot be written.
        """
        started = time.monotonic()
        if (found := self._find(key)) is not None:
            return BuiltImage(found, self.folder / key, built=False, seconds=time.monotonic() - started)
        with writing_to(self.folder):
            locks = self.folder / "locks"
            locks.mkdir(parents=True, exist_ok=True)
            with FileLock(locks / f"{key[:2]}.lock", thread_local=False):
                digest, built = self._find(key), False
                if digest is None:
                    digest, built = self._build(key, write), True
        return BuiltImage(digest, self.folder / key, built=built, seconds=time.monotonic() - started)

    def prune(self, *, max_age_days: float, now: float | None = None) -> tuple[int, int]:
        """Remove images that were not used for a while, and what killed builds left behind.

        Returns:
            How many images went, and their bytes; bytes that other images share count for each.
        """
        now = time.time() if now is None else now
        removed = removed_bytes = 0
        for path in self.folder.glob("*"):
            scratch = path.name.startswith(SCRATCH)
            if path.name == "locks" or not path.is_dir():
                continue
            with contextlib.suppress(OSError):
                used = (path if scratch else path / _NOTE).stat().st_mtime
                if used < now - (1 if scratch else max_age_days) * _DAY_S:
                    removed_bytes += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
                    removed += not scratch
                    shutil.rmtree(path)
        return removed, removed_bytes

    def _find(self, key: str) -> str | None:
        folder = self.folder / key
        try:
            note = folder / _NOTE
            known = json.loads(note.read_bytes())
            if any((folder / name).stat().st_size != size for name, size in known["files"].items()):
                return None
            if note.stat().st_mtime < time.time() - _DAY_S:
                with contextlib.suppress(OSError):
                    os.utime(note)  # what is in use is not pruned
            return str(known["digest"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _build(self, key: str, write: Callable[[Path, Path], str]) -> str:
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=SCRATCH, ignore_cleanup_errors=True) as scratch:
            layout, work = Path(scratch) / "layout", Path(scratch) / "work"
            layout.mkdir(mode=0o755)
            work.mkdir()
            digest = write(layout, work)
            files = {file.relative_to(layout).as_posix(): file.stat().st_size for file in _files(layout)}
            (layout / _NOTE).write_text(json.dumps({"digest": digest, "files": files}), encoding="utf-8")
            # A damaged one goes; a folder takes its place at once, so nobody sees half of it.
            shutil.rmtree(self.folder / key, ignore_errors=True)
            layout.replace(self.folder / key)
        return digest


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
