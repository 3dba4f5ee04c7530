"""Keeps the state of the embedded AWS over a restart, and knows when it could not.

What is saved is used only when it is complete: a mark in the state folder says that something changed since. The mark
is set before the first change reaches moto and taken away when the change is saved, so that a process that was killed
in between is followed by an empty AWS with a new instance id, never by half of the old one.

Log events and records of streams leave deployed things as they are: they are saved too, but set no mark. What of them
is not saved when the process is killed lies on disk with whoever took it, as `firehose_spool` does it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from toolchain.embedded_aws import snapshot
from toolchain.embedded_aws.operations import operation_of
from toolchain.embedded_aws.snapshot import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from werkzeug.wrappers import Request

_QUIET_S = 1.0
_LOOK_S = 0.25
_LONGEST_S = 30.0
"""Seconds after which data is saved although more of it keeps coming."""
_READS = ("Describe", "List", "Get", "Head", "BatchGet", "Query", "Scan", "Receive", "Filter", "Lookup")
_DATA = frozenset({"PutLogEvents", "PutRecord", "PutRecordBatch"})
_ID_BYTES = 36
_log = logging.getLogger(__name__)


class Keeper:
    """Saves the state after changes, and restores it at the start."""

    def __init__(self, state: Path) -> None:
        self._file = state / "aws.state"
        self._mark = state / "aws.changed"
        self._lock = threading.Lock()
        self._changes = 0
        self._running = 0
        self._changed_at = 0.0
        self._touched_at = 0.0
        self._touched = False
        self._saved_at = time.monotonic()
        self._savers: list[Callable[[], Callable[[bool], None]]] = []
        self._marked = self._mark.exists()
        self._instance = ""
        self._closed = threading.Event()

    def restore(self, fresh: str) -> str:
        """Restore what was saved, if it is complete, and say which instance this is.

        Args:
            fresh: Id of a new instance, for when nothing can be restored.

        Returns:
            Id of the restored instance, or `fresh`.
        """
        self._instance = self._restored() or fresh
        return self._instance

    def start(self) -> None:
        """Begin to save in the background."""
        threading.Thread(target=self._run, name="keeper", daemon=True).start()

    def close(self) -> None:
        """Save for the last time; the caller serves no more requests."""
        self._closed.set()
        self.save()

    def on_save(self, begin: Callable[[], Callable[[bool], None]]) -> None:
        """Have somebody told of each save.

        Args:
            begin: Called before the state is read; returns what is called afterwards, with whether it is saved.
        """
        self._savers.append(begin)

    def touch(self) -> None:
        """Take note that data changed: events, records or objects, not what is deployed."""
        with self._lock:
            self._touched = True
            self._touched_at = time.monotonic()

    @contextmanager
    def change(self, request: Request) -> Iterator[None]:
        """Take note of a request while moto answers it."""
        if _only_reads(request):
            yield
            return
        if operation_of(request) in _DATA:
            yield
            self.touch()
            return
        with self._lock:
            if not self._marked:
                self._set_mark()
            self._changes += 1
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                self._changed_at = time.monotonic()

    def save(self) -> bool:
        """Save the state now.

        Returns:
            Whether what was saved is complete; otherwise something changed meanwhile.
        """
        ends = [begin() for begin in self._savers]
        complete = self._save()
        for end in ends:
            end(complete)
        return complete

    def _save(self) -> bool:
        with self._lock:
            self._touched = False
            changes = self._changes
            if self._running:
                return False
        try:
            content = self._instance.encode() + snapshot.dump()
        except SnapshotError as error:
            _log.info("the state was not saved: %s", error)
            return False
        scratch = self._file.with_suffix(".new")
        try:
            descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            scratch.unlink(missing_ok=True)
            _log.warning("the state was not saved: %s; a restart begins with an empty AWS", error)
            return False
        with self._lock:
            if self._running or self._changes != changes:
                return False
            scratch.replace(self._file)
            self._mark.unlink(missing_ok=True)
            self._marked = False
            self._saved_at = time.monotonic()
        return True

    def _set_mark(self) -> None:
        """Let nobody use what was saved before; on a full disk by removing it, which always works."""
        try:
            self._mark.touch()
            self._marked = True
        except OSError:
            self._file.unlink(missing_ok=True)

    def _restored(self) -> str | None:
        if self._marked or not self._file.exists():
            if self._marked:
                _log.warning("the last run ended in the middle of a change: beginning with an empty AWS")
            return None
        data = self._file.read_bytes()
        try:
            snapshot.load(data[_ID_BYTES:])
        except SnapshotError as error:
            _log.warning("the saved state is not used: %s; beginning with an empty AWS", error)
            return None
        return data[:_ID_BYTES].decode()

    def _run(self) -> None:
        while not self._closed.wait(_LOOK_S):
            if self._due() and not self.save():
                with self._lock:
                    self._changed_at = time.monotonic()
                self.touch()

    def _due(self) -> bool:
        now = time.monotonic()
        with self._lock:
            if self._running or now - self._changed_at < _QUIET_S:
                return False
            quiet = now - self._touched_at >= _QUIET_S or now - self._saved_at >= _LONGEST_S
            return self._marked or (self._touched and quiet)


def _only_reads(request: Request) -> bool:
    """Whether a request leaves deployed things as they are; when in doubt it does not."""
    if request.method in {"GET", "HEAD"}:
        return True
    return operation_of(request).startswith(_READS)
