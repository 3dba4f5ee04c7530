"""What Firehose streams have taken and not yet delivered for good, on disk: it outlives the process."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_OPEN, _CLOSED = ".open", ".closed"


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """A file of entries that takes no more.

    Attributes:
        path: The file.
        id: Its identity, which is part of the names of the objects that it becomes: delivering it twice gives the same.
        created: When its first entry came, Unix seconds.
    """

    path: Path
    id: str
    created: float

    def entries(self) -> list[dict[str, Any]]:
        """The entries; a last one that was not written to its end was never acknowledged, and is none."""
        lines = self.path.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines[:-1]]


class Spool:
    """Entries of one stream, in files; safe to use from several threads.

    Args:
        folder: Where the files lie; what an earlier process left there is there again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._current: Path | None = None
        self._size = 0
        self._since = 0.0
        for left in folder.glob(f"*{_OPEN}"):
            left.rename(left.with_suffix(_CLOSED))
        self._waiting = [_segment(path) for path in sorted(folder.glob(f"*{_CLOSED}"))]

    def put(self, entries: Sequence[dict[str, Any]]) -> None:
        """Keep entries; when this returns, the end of the process does not lose them."""
        content = b"".join(json.dumps(entry, separators=(",", ":")).encode() + b"\n" for entry in entries)
        with self._lock:
            if self._current is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._current = self._folder / f"{time.time_ns()}-{uuid.uuid4().hex}{_OPEN}"
                self._size, self._since = 0, time.monotonic()
            with self._current.open("ab") as stream:
                stream.write(content)
            self._size += len(content)

    def take(self, age_s: float, size: int) -> Segment | None:
        """The oldest segment that is due; the caller gives it back by `put_back`, or removes its file in the end.

        Args:
            age_s: Seconds after which what has come is due.
            size: Bytes after which it is due sooner.
        """
        with self._lock:
            if self._waiting:
                return self._waiting.pop(0)
            if self._current is None or (time.monotonic() - self._since < age_s and self._size < size):
                return None
            closed = self._current.with_suffix(_CLOSED)
            self._current.rename(closed)
            self._current = None
            return _segment(closed)

    def put_back(self, segment: Segment) -> None:
        """Have a segment taken again."""
        with self._lock:
            self._waiting.insert(0, segment)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._current = None
            self._waiting.clear()
            shutil.rmtree(self._folder, ignore_errors=True)


def _segment(path: Path) -> Segment:
    nanoseconds, _, identity = path.stem.partition("-")
    return Segment(path, identity, int(nanoseconds) / 1e9)


def remove(segment: Segment) -> None:
    """Forget a segment that is delivered for good."""
    segment.path.unlink(missing_ok=True)
