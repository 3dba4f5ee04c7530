"""Tables and results on standard output: for people on a terminal, aligned plain text elsewhere, or JSON."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import click
import rich.box
import rich.console
import rich.table
import rich.text

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDE = 100_000
_STYLES = {
    "ok": "green",
    "active": "green",
    "create": "green",
    "update": "yellow",
    "replace": "magenta",
    "delete": "red",
    "failed": "bold red",
    "missing": "bold red",
    "not checked": "yellow",
    "unknown": "yellow",
}


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under their columns' names; None is shown as `-`.

    Args:
        columns: Names of the columns.
        rows: Cells, as many as columns.
    """
    terminal = sys.stdout.isatty()
    table = rich.table.Table(
        box=rich.box.SIMPLE_HEAD if terminal else None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0)
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    if terminal:
        rich.console.Console(highlight=False).print(table)
        return
    text = io.StringIO()
    rich.console.Console(file=text, width=_WIDE, color_system=None, force_terminal=False).print(table)
    for line in text.getvalue().splitlines():
        click.echo(line.rstrip())


def print_json(value: Any) -> None:
    """Print a JSON value, indented, on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _cell(value: Any) -> rich.text.Text:
    text = "-" if value is None or value == "" else str(value)
    return rich.text.Text(text, style=_STYLES.get(text.partition(":")[0], ""))
