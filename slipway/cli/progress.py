"""Shows what the engine does while it runs: one live line on a terminal, a plain line for each change elsewhere."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Self

import click
import rich.console
import rich.markup
import rich.progress

from slipway.cli.tables import print_table

if TYPE_CHECKING:
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
_SHOWN_AT_ONCE = 3


class Display:
    """Tells on standard error what the engine does; use it in a `with` statement and pass it on as `on_event`."""

    def __init__(self, verb: str, *, quiet: bool = False) -> None:
        """Prepare.

        Args:
            verb: What is going on: `preview`, `up`, ...
            quiet: Whether to show errors and warnings only.
        """
        self._verb = verb
        self._quiet = quiet
        self._preview = verb == "preview"
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}
        self._done = 0
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
        """Start the live line."""
        if self._live:
            self._live.start()
        elif not self._quiet:
            self._line(f"{self._verb}: starting the engine")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the live line."""
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

    def _on_step(self, step: Step, state: str) -> None:
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


def print_changes(result: RunResult, *, planned: bool) -> None:
    """Print a table of what changes and one line that counts it, on standard output.

    Args:
        result: What the engine did or would do.
        planned: Whether it is only a plan.
    """
    changes = result.changes
    if changes:
        rows = [
            (step.op, step.name, step.type, ", ".join(step.paths) or None, ", ".join(step.replace_keys) or None)
            for step in changes
        ]
        print_table(("change", "resource", "type", "properties", "replaced because of"), rows)
    counts = ", ".join(
        f"{count} to {op}" if planned else f"{count} {op}" for op, count in sorted(result.summary.items())
    )
    if result.unchanged:
        click.echo(f"nothing {'to change' if planned else 'changed'} ({counts or 'no resources'})")
    else:
        click.echo(f"{counts}")
