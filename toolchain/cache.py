"""The cache: folders named after what went into them, published whole or not at all."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from toolchain.errors import disk_errors_named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from toolchain.progress import Reporter

_ENTRY = "entry.json"
_WAIT_NOTICE = 30.0
"""Seconds between two notices that another run is being waited for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """What lies in a published folder, as its `entry.json` says.

    Attributes:
        part: Name of the part.
        version: Its version.
        source: `download`, `build`, `package` (of PyPI or Debian).
        inputs: Digest (hex SHA-256) of what was asked for, without the tool that made it.
        made_with: The tool that made it, such as the Go version; empty for a download.
        made_at: When, ISO 8601 in UTC.
        verified: What the content was checked against, in words.
        files: Path below the folder to [size in bytes, hex SHA-256]; symbolic links are not listed.
    """

    part: str
    version: str
    source: str
    inputs: str
    made_with: str
    made_at: str
    verified: str
    files: dict[str, tuple[int, str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """A published folder of the cache."""

    path: Path
    entry: Entry

    def damaged(self) -> list[str]:
        """Names of files whose content is no longer what was published; reads every byte."""
        return [
            name
            for name, (_, digest) in self.entry.files.items()
            if not (self.path / name).is_file() or sha256_of(self.path / name) != digest
        ]


class Cache:
    """The `toolchain/` and `pulumi-home/` folders below a cache folder.

    Args:
        root: The user's cache folder of the project; made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.toolchain = root / "toolchain"
        self.pulumi_home = root / "pulumi-home"

    def folder(self, part: str, version: str, digest: str) -> Path:
        """Where the result of these inputs lies once it is published."""
        return self.toolchain / f"{part}-{version}-{digest[:12]}"

    def find(self, part: str, version: str, digest: str) -> Folder | None:
        """The published result of these inputs, or None. Files are compared by size, not read."""
        return _read(self.folder(part, version, digest))

    def find_inputs(self, part: str, version: str, inputs: str) -> Folder | None:
        """The newest published result of the same inputs, whatever tool made it, or None."""
        found = [_read(path) for path in self.toolchain.glob(f"{part}-{version}-*")]
        same = [folder for folder in found if folder and folder.entry.inputs == inputs]
        return max(same, key=lambda folder: folder.entry.made_at, default=None)

    @contextmanager
    def staging(self, part: str) -> Iterator[Path]:
        """A new empty folder on the cache's file system, removed afterwards unless it was published."""
        parent = self.toolchain / ".staging"
        with disk_errors_named(f"preparing {part}", self.root):
            parent.mkdir(parents=True, exist_ok=True)
            path = Path(tempfile.mkdtemp(prefix=f"{part}-", dir=parent))
        path.chmod(0o755)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def build_folder(self, part: str, digest: str) -> Path:
        """Folder for the sources of a build; the same for the same inputs, so that a later run goes on there."""
        return self.toolchain / ".build" / f"{part}-{digest[:12]}"

    def publish(self, staged: Path, digest: str, entry: Entry) -> Folder:
        """Make the content of a staging folder visible under its final name, in one step and on disk.

        Args:
            staged: Folder from `staging`; gone afterwards.
            digest: Hex digest that names the folder.
            entry: Description; `files` is filled in here.
        """
        final = self.folder(entry.part, entry.version, digest)
        with disk_errors_named(f"installing {entry.part}", self.root):
            found = sorted(path for path in staged.rglob("*") if path.is_file() and not path.is_symlink())
            names = [path.relative_to(staged).as_posix() for path in found]
            files = {name: ((staged / name).stat().st_size, sha256_of(staged / name)) for name in names}
            entry = dataclasses.replace(entry, files=files)
            (staged / _ENTRY).write_text(json.dumps(dataclasses.asdict(entry), indent=2) + "\n", encoding="utf-8")
            for name in (*names, _ENTRY):
                _sync(staged / name)
            for folder in (staged, *(path for path in staged.rglob("*") if path.is_dir() and not path.is_symlink())):
                _sync(folder)
            if final.exists():  # only a damaged one can be here: `find` did not take it
                final.rename(Path(tempfile.mkdtemp(prefix="damaged-", dir=staged.parent)) / final.name)
            staged.rename(final)
            _sync(final.parent)
        return Folder(final, entry)

    def sweep(self, keep: Collection[Path]) -> None:
        """Remove what interrupted runs left behind. Call it only while holding `lock`.

        Args:
            keep: Build folders that a run with the same inputs will go on with.
        """
        shutil.rmtree(self.toolchain / ".staging", ignore_errors=True)
        for folder in (self.toolchain / ".build").glob("*"):
            if folder not in keep:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def lock(self, doing: str, reporter: Reporter) -> Iterator[None]:
        """Let one process at a time install; the next one waits and says for whom.

        Args:
            doing: What this process is about to do, shown to those who wait.
            reporter: Where the wait is reported.

        Raises:
            ToolchainError: The lock file cannot be made.
        """
        holder = self.toolchain / ".lock.holder"
        with disk_errors_named("locking the cache", self.root):
            self.toolchain.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.toolchain / ".lock")
            timeout = 0.0
            while not lock.is_locked:
                try:
                    lock.acquire(timeout=timeout)
                except filelock.Timeout:
                    reporter.say(f"waiting for {_holder_text(holder)}")
                    timeout = _WAIT_NOTICE
            since = datetime.now().astimezone().strftime("%H:%M:%S")
            holder.write_text(json.dumps({"pid": os.getpid(), "since": since, "doing": doing}), encoding="utf-8")
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()


def new_entry(*, part: str, version: str, source: str, inputs: str, made_with: str, verified: str) -> Entry:
    """An entry made now, for `Cache.publish` to complete."""
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return Entry(part, version, source, inputs, made_with, made_at, verified, files={})


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def replace_text(path: Path, text: str, mode: int) -> None:
    """Write a small file so that others see the old or the new content, never half of it."""
    with disk_errors_named(f"writing {path}", path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _read(path: Path) -> Folder | None:
    try:
        raw = json.loads((path / _ENTRY).read_text(encoding="utf-8"))
        raw["files"] = {name: (int(size), str(digest)) for name, (size, digest) in raw["files"].items()}
        entry = Entry(**raw)
        whole = all((path / name).stat().st_size == size for name, (size, _) in entry.files.items())
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Folder(path, entry) if whole else None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _holder_text(holder: Path) -> str:
    try:
        raw = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {raw['pid']}, which started at {raw['since']} to {raw['doing']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process, which has just started to install"
