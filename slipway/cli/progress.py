"""Shows what the engine does while it runs: one live line on a terminal, a plain line for each change elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Self

import click
import rich.console
import rich.markup
import rich.progress

from slipway.cli.tables import print_table
from slipway.engine.operations import unseen
from slipway.engine.steps import type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from slipway.engine.steps import Progress, RunResult, Step

_DOING = {
    "create": "creating",
    "create-replacement": "creating",
    "update": "updating",
    "replace": "replacing",
    "delete": "deleting",
    "delete-replaced": "deleting",
    "refresh": "looking at",
    "import": "taking over",
}
_DONE = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
_SHOWN_AT_ONCE = 3
_REMIND_S = 60.0


class Display:
    """Tells on standard error what the engine does; use it in a `with` statement and pass it on as `on_event`."""

    def __init__(
        self, verb: str, *, quiet: bool = False, look: Callable[[Sequence[str]], Sequence[str]] = unseen
    ) -> None:
        """Prepare.

        Args:
            verb: What is going on: `preview`, `up`, ...
            quiet: Whether to show errors and warnings only.
            look: Says why resources take long, given their URNs; called from another thread.
        """
        self._look = look
        self._told: set[str] = set()
        self._verb = verb
        self._quiet = quiet
        self._preview = verb == "preview"
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}
        self._done = 0
        self._moved = time.monotonic()
        self._ended = threading.Event()
        self._console = rich.console.Console(stderr=True, highlight=False)
        self._live = (
            rich.progress.Progress(
                rich.progress.SpinnerColumn(),
                rich.progress.TextColumn("{task.description}"),
                rich.progress.TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            if sys.stderr.isatty() and not quiet
            else None
        )
        self._task = self._live.add_task(f"{verb}: starting the engine") if self._live else None

    def __enter__(self) -> Self:
        """Start the live line, or the reminders of what takes long."""
        if self._live:
            self._live.start()
        elif not self._quiet:
            self._line(f"{self._verb}: starting the engine")
        self._reminder = threading.Thread(target=self._remind, daemon=True)
        self._reminder.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the live line and the reminders."""
        self._ended.set()
        self._reminder.join()
        if self._live:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Take in one thing that happened."""
        with self._lock:
            if progress.diagnostic is not None:
                diagnostic = progress.diagnostic
                if diagnostic.severity in {"warning", "debug"} or (diagnostic.severity == "info" and not self._quiet):
                    who = f"{diagnostic.name}: " if diagnostic.name else ""
                    self._line(f"{diagnostic.severity}: {who}{diagnostic.message}")
            elif progress.step is not None:
                self._on_step(progress.step, progress.state)

    def say(self, text: str) -> None:
        """Tell something that Slipway itself did."""
        if not self._quiet:
            self._line(text)

    def _remind(self) -> None:
        """Tell now and then what nothing has been heard of for long: AWS may be throttling, pods be slow."""
        while not self._ended.wait(_REMIND_S):
            with self._lock:
                silent_s = time.monotonic() - self._moved
                running = dict(self._running)
            if not running or silent_s < _REMIND_S or self._quiet:
                continue
            busy = ", ".join(list(running.values())[:_SHOWN_AT_ONCE])
            more = len(running) - _SHOWN_AT_ONCE
            rest = f" and {more} more" if more > 0 else ""
            on_cluster = any(type_of(urn).startswith("kubernetes:") for urn in running)
            why = "pods may be slow to get ready" if on_cluster else "AWS may be slow or throttling"
            lines = [line for line in self._look(list(running)) if line not in self._told]
            self._told.update(lines)
            with self._lock:
                self._line(f"still {busy}{rest}, nothing new for {silent_s:.0f} s; {why}, the provider goes on trying")
                for line in lines:
                    self._line(line)

    def _on_step(self, step: Step, state: str) -> None:
        self._moved = time.monotonic()
        if state == "started":
            self._running[step.urn] = f"{_DOING.get(step.op, 'checking')} {step.name}"
        else:
            self._running.pop(step.urn, None)
            self._done += state == "done"
            if state == "failed" or (step.changes and step.custom and not self._preview and not self._quiet):
                self._line(f"{step.op:<8} {step.name} ({step.type}){' failed' if state == 'failed' else ''}")
        if self._live and self._task is not None:
            busy = ", ".join(list(self._running.values())[-_SHOWN_AT_ONCE:])
            self._live.update(
                self._task, description=rich.markup.escape(f"{self._verb}: {self._done} resources done; {busy}")
            )

    def _line(self, text: str) -> None:
        if self._live:
            self._console.print(text, markup=False)
        else:
            click.echo(text, err=True)


def print_plan(result: RunResult) -> None:
    """Print a table of what would change and one line that counts it, on standard output."""
    columns = ("change", "resource", "type", "properties", "replaced because of")
    rows = [
        (step.op, step.name, step.type, ", ".join(step.paths), ", ".join(step.replace_keys)) for step in result.changes
    ]
    if rows:
        # Creations and deletions have no properties to tell.
        width = max(max(index for index, cell in enumerate(row) if cell) for row in rows) + 1
        print_table(columns[:width], [row[:width] for row in rows])
    print_summary(result, planned=True)


def print_summary(result: RunResult, *, planned: bool = False) -> None:
    """Print one line that counts what changed, on standard output.

    Args:
        result: What the engine did or would do.
        planned: Whether it is only a plan.
    """
    words = [
        f"{count} {'unchanged' if op == 'same' else f'to {op}' if planned else _DONE.get(op, op)}"
        for op, count in sorted(result.summary.items())
    ]
    if result.unchanged:
        words.insert(0, "nothing to change" if planned else "nothing changed")
    click.echo(", ".join(words))
