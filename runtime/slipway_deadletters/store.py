"""The letters, in one SQLite file: what was answered for is on the disk, whatever happens to the process."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from slipway_runtime.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    function TEXT NOT NULL,
    received TEXT NOT NULL,
    event TEXT NOT NULL,
    error TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS letters_of_function ON letters (function, id);
"""
_FULL = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE"})


class FullError(Exception):
    """There is no room for another letter."""


@dataclasses.dataclass(frozen=True, slots=True)
class Letter:
    """An event that a function could not handle.

    Attributes:
        headers: The headers that it came with and that belong to it.
        body: The body, as it came.
        event: `id`, `type`, `source` and `time` of the CloudEvent, as far as it has them.
        error: `code` and `destination` of the last failure, as far as Knative tells.
        id: Own number, unique in the store; 0 before it is stored.
    """

    headers: Mapping[str, str]
    body: bytes
    event: Mapping[str, str]
    error: Mapping[str, str]
    id: int = 0


class Store:
    """Letters by function, the oldest first; safe to use from several threads.

    Args:
        path: The file; made when missing.
        limit: Bytes that it may have.

    Raises:
        StartupError: The file cannot be used.
    """

    def __init__(self, path: Path, *, limit: int) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        try:
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")  # each commit is on the disk before it is answered for
            self._page = int(self._file.execute("PRAGMA page_size").fetchone()[0])
            self._file.execute(f"PRAGMA max_page_count = {max(limit // self._page, 1)}")
            self._file.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StartupError(f"{path} cannot be used: {error}; check the volume and its permissions") from None

    def add(self, function: str, letter: Letter) -> int:
        """Keep a letter; returns its number.

        Raises:
            FullError: There is no room.
        """
        received = dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        parts = (json.dumps(dict(part)) for part in (letter.event, letter.error, letter.headers))
        try:
            with self._writing() as file:
                added = file.execute(
                    "INSERT INTO letters (function, received, event, error, headers, body) VALUES (?, ?, ?, ?, ?, ?)",
                    (function, received, *parts, letter.body),
                )
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "") in _FULL:
                raise FullError from error
            raise
        return int(added.lastrowid or 0)

    def remove(self, number: int) -> None:
        """Forget a letter."""
        with self._writing() as file:
            file.execute("DELETE FROM letters WHERE id = ?", (number,))

    def failed_again(self, number: int) -> None:
        """Note that a letter was sent in vain."""
        with self._writing() as file:
            file.execute("UPDATE letters SET attempts = attempts + 1 WHERE id = ?", (number,))

    def numbers(self, function: str, limit: int) -> list[int]:
        """Numbers of the oldest letters of a function."""
        rows = self._read("SELECT id FROM letters WHERE function = ? ORDER BY id LIMIT ?", (function, limit))
        return [int(row[0]) for row in rows]

    def get(self, number: int) -> Letter | None:
        """A letter by its number; None if it is gone."""
        rows = self._read("SELECT headers, body, event, error FROM letters WHERE id = ?", (number,))
        for headers, body, event, error in rows:
            return Letter(json.loads(headers), body, json.loads(event), json.loads(error), number)
        return None

    def count(self, function: str) -> int:
        """Number of letters of a function."""
        return int(self._read("SELECT count(*) FROM letters WHERE function = ?", (function,))[0][0])

    def listing(self, function: str | None, limit: int) -> dict[str, Any]:
        """Counts and the oldest letters of each function, without their data.

        Args:
            function: The only function to show; None shows all that have letters.
            limit: Letters of each function at the most.
        """
        shown: dict[str, Any] = {}
        for name, count in self._read("SELECT function, count(*) FROM letters GROUP BY function ORDER BY function"):
            if function in {None, name}:
                rows = self._read(
                    "SELECT id, received, event, error, attempts FROM letters WHERE function = ? ORDER BY id LIMIT ?",
                    (name, limit),
                )
                shown[name] = {"count": count, "letters": [_shown(row) for row in rows]}
        return {"functions": shown, "bytes": self._bytes(), "limit": self.limit}

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _bytes(self) -> int:
        pages, free = (self._read(f"PRAGMA {name}")[0][0] for name in ("page_count", "freelist_count"))
        return int(pages - free) * self._page

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._lock:
            return self._file.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield self._file
                self._file.execute("COMMIT")
            except BaseException:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                raise


def _shown(row: tuple[Any, ...]) -> dict[str, Any]:
    number, received, event, error, attempts = row
    return {
        "id": str(number),
        "received": received,
        "event": json.loads(event),
        "error": json.loads(error),
        "attempts": attempts,
    }
