"""The local cache of what was built: one zip per digest with a JSON file beside it, complete or absent.

The JSON file is written last and names size and SHA-256 of the zip, so an interrupted build leaves nothing that counts,
and a damaged entry is found and built again. Two processes that want the same digest build it once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from slipway.core.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCRATCH = "scratch-"
"""What the names of folders begin with in which builders work; a killed one leaves them behind, to be pruned."""
_DAY_S = 86_400
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_UNUSABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST})


class CacheError(SlipwayError):
    """The user's cache folder cannot be written."""


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """One entry.

    Attributes:
        digest: Digest of the inputs that it was built from.
        path: The zip.
        sha256: Hex SHA-256 of the zip.
        size: Bytes of the zip.
        facts: What its builder wrote down about it (JSON values).
    """

    digest: str
    path: Path
    sha256: str
    size: int
    facts: dict[str, Any]

    def intact(self) -> bool:
        """Whether the zip still has the bytes that were built; reads all of it."""
        try:
            return file_sha256(self.path) == self.sha256
        except OSError:
            return False


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn what the operating system says about writing below a folder into a message with a remedy.

    Raises:
        CacheError: The disk is full, or the folder may not be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            text = f"{folder}: no space left to write a package; free some, or name another folder by SLIPWAY_CACHE_DIR"
            raise CacheError(text) from error
        if error.errno in _UNUSABLE:
            text = f"{folder}: {os.strerror(error.errno)}; make it a folder that you may write, or name another one"
            raise CacheError(f"{text} by SLIPWAY_CACHE_DIR") from error
        raise


def _read_note(path: str) -> tuple[bytes, float]:
    """Content of a note, and when it was last said to be in use (seconds since 1970)."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        return os.read(handle, status.st_size), status.st_mtime
    finally:
        os.close(handle)


class Store:
    """A folder of files by digest: zips, or layers of images.

    Args:
        folder: Where they lie; made when first needed.
        suffix: What their names end with.
    """

    def __init__(self, folder: Path, suffix: str = ".zip") -> None:
        self.folder = folder
        self._suffix = suffix

    def path(self, digest: str) -> Path:
        """Where the zip of a digest lies, once it is built."""
        return self.folder / f"{digest}{self._suffix}"

    def find(self, digest: str) -> Stored | None:
        """The entry of a digest; None if there is none, or if its size is not what was written down."""
        note = f"{self.folder}/{digest}.json"
        path = f"{self.folder}/{digest}{self._suffix}"
        # Plain strings and system calls: this is asked for every function on every run.
        try:
            content, used = _read_note(note)
            known = json.loads(content)
            entry = Stored(digest, Path(path), known["sha256"], known["size"], known["facts"])
            if os.stat(path).st_size != entry.size:  # noqa: PTH116
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if used < time.time() - _DAY_S:
            with contextlib.suppress(OSError):
                os.utime(note)  # what is in use is not pruned
        return entry

    def get_or_build(
        self, digest: str, write: Callable[[Path], dict[str, Any]], *, verify: bool = False
    ) -> tuple[Stored, bool]:
        """The entry of a digest, built if it is missing or damaged.

        Args:
            digest: Digest of the inputs.
            write: Writes the zip to the path it is given and returns facts about it (JSON values).
            verify: Read the whole of a cached zip to be sure of its bytes, not only of its size.

        Returns:
            The entry, and whether it was built now.

        Raises:
            CacheError: The cache folder cannot be written.
        """
        if (found := self._usable(digest, verify=verify)) is not None:
            return found, False
        with writing_to(self.folder):
            locks = self.folder / "locks"
            locks.mkdir(parents=True, exist_ok=True)
            # Few lock files for many digests: the first two digits choose.
            with FileLock(locks / f"{digest[:2]}.lock", thread_local=False):
                if (found := self._usable(digest, verify=verify)) is not None:
                    return found, False
                return self._build(digest, write), True

    def prune(self, *, max_age_days: float, max_bytes: int | None = None, now: float | None = None) -> tuple[int, int]:
        """Remove entries that were not used for a while, then the longest unused ones until the rest fits.

        Args:
            max_age_days: Entries unused for longer go.
            max_bytes: Bytes that may stay; None sets no limit.
            now: Seconds since 1970; None asks the clock.

        Returns:
            How many entries went, and their bytes.
        """
        now = time.time() if now is None else now
        entries: list[tuple[float, int, str]] = []
        for path in self.folder.glob(f"*{self._suffix}"):
            note = path.with_suffix(".json")
            with contextlib.suppress(OSError):
                size = path.stat().st_size
                # Without its note an entry is the rest of an interrupted build.
                entries.append((note.stat().st_mtime if note.exists() else 0, size, path.stem))
        kept = removed = removed_bytes = 0
        for used, size, digest in sorted(entries, reverse=True):
            if used >= now - max_age_days * _DAY_S and (max_bytes is None or kept + size <= max_bytes):
                kept += size
                continue
            self._discard(digest)
            removed += 1
            removed_bytes += size
        for leftover in (*self.folder.glob("*.tmp"), *self.folder.glob(f"{SCRATCH}*")):
            with contextlib.suppress(OSError):
                if leftover.stat().st_mtime < now - _DAY_S:
                    shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        return removed, removed_bytes

    def _usable(self, digest: str, *, verify: bool) -> Stored | None:
        found = self.find(digest)
        if found is not None and verify and not found.intact():
            self._discard(digest)
            return None
        return found

    def _build(self, digest: str, write: Callable[[Path], dict[str, Any]]) -> Stored:
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=f"{digest[:12]}-", suffix=".tmp")
        os.close(handle)
        temporary = Path(name)
        try:
            facts = write(temporary)
            entry = Stored(
                digest,
                self.path(digest),
                file_sha256(temporary),
                temporary.stat().st_size,
                json.loads(json.dumps(facts)),
            )
            note = {"sha256": entry.sha256, "size": entry.size, "facts": entry.facts}
            # An older note must not vouch for the new zip, nor the new note for an older zip.
            self.path(digest).with_suffix(".json").unlink(missing_ok=True)
            temporary.chmod(0o644)
            temporary.replace(entry.path)
            temporary.write_text(json.dumps(note), encoding="utf-8")
            temporary.replace(entry.path.with_suffix(".json"))
        finally:
            temporary.unlink(missing_ok=True)
        return entry

    def _discard(self, digest: str) -> None:
        # The note first: a zip without one counts for nothing.
        for path in (self.path(digest).with_suffix(".json"), self.path(digest)):
            with contextlib.suppress(OSError):
                path.unlink()
