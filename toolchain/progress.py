"""How long work reports itself: a bar on a terminal, plain lines at intervals elsewhere."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN_INTERVAL = 15.0
"""Seconds between two plain lines of the same task."""


class Task(Protocol):
    """One piece of work under way."""

    def update(self, done: int, total: int | None, note: str) -> None:
        """Say how far it is: units done, units in all (None if unknown), a few words."""


class Reporter:
    """Writes messages and progress to one console; standard error by default, so that output stays clean.

    Tasks of several threads share one display.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._lock = threading.Lock()
        self._running = 0
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )

    def say(self, message: str) -> None:
        """Print a line."""
        self.console.print(message, markup=False)

    @contextmanager
    def task(self, title: str) -> Iterator[Task]:
        """Report one piece of work while the block runs."""
        if not self.console.is_terminal:
            yield _PlainTask(self, title)
            return
        self._count(1)
        bar = self._bars.add_task(title, total=None, note="")
        try:
            yield _BarTask(self._bars, bar)
        finally:
            self._bars.remove_task(bar)
            self._count(-1)

    def _count(self, step: int) -> None:
        with self._lock:
            before, self._running = self._running, self._running + step
            if before == 0:
                self._bars.start()
            elif self._running == 0:
                self._bars.stop()


class _PlainTask:
    def __init__(self, reporter: Reporter, title: str) -> None:
        self._reporter, self._title, self._next = reporter, title, time.monotonic() + PLAIN_INTERVAL

    def update(self, done: int, total: int | None, note: str) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PLAIN_INTERVAL
        share = f"{100 * done // total}%" if total else str(done)
        self._reporter.say(f"  {self._title}: {share}, {note}")


class _BarTask:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def update(self, done: int, total: int | None, note: str) -> None:
        self._progress.update(self._task, completed=done, total=total, note=note)
