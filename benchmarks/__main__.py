"""Run the benchmarks: `python -m benchmarks [IDS]` prints a table and writes `build/bench.json`.

Every `benchmarks/b*.py` is one benchmark with `ID`, `TARGET` and `measure() -> Measurement`; the first line of its
docstring is its title. A missed target is said, `TARGET = None` is for information; one benchmark that fails does not
lose the others, and what this machine cannot run is "not measured".
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.harness import NotMeasuredError

if TYPE_CHECKING:
    from types import ModuleType

    from benchmarks.harness import Measurement

_HERE = Path(__file__).parent
_RESULTS = _HERE.parent / "build" / "bench.json"
_NOT_MEASURED = "not measured"
_FAILED = "FAILED"


def discover(folder: Path = _HERE) -> dict[str, str]:
    """Identifier to module name of each benchmark in the folder, in the order of their numbers."""
    modules = sorted(path.stem for path in folder.glob("b[0-9]*_*.py"))
    return dict(sorted(((stem.split("_")[0].upper(), stem) for stem in modules), key=lambda pair: int(pair[0][1:])))


def row(measurement: Measurement, target: float | None) -> dict[str, Any]:
    """A measurement as it stands in `build/bench.json`, with a missed target named in the note."""
    target = measurement.target if measurement.target is not None else target
    missed = [
        f"{name} {found:.3g} > {limit:g}"
        for name, (found, limit) in measurement.parts.items()
        if limit is not None and found > limit
    ]
    if target is not None and measurement.ratio > target:
        missed.insert(0, f"{measurement.ratio:.3g} > {target:g}")
    result: dict[str, Any] = {"ratio": round(measurement.ratio, 4), "target": target, "note": measurement.note}
    if missed:
        result["note"] = f"MISSED ({', '.join(missed)}): {measurement.note}"
    if measurement.parts:
        result["parts"] = {
            name: {"ratio": round(found, 4), "target": limit} for name, (found, limit) in measurement.parts.items()
        }
    return result


def save(results: dict[str, dict[str, Any]], path: Path = _RESULTS) -> None:
    """Write results over those of the same identifiers in an earlier file; the others stay."""
    kept: dict[str, Any] = {}
    if path.exists():
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            kept = {}
    merged = {**kept, **results}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dict(sorted(merged.items())), indent=2) + "\n", encoding="utf-8")


def _measure(module: ModuleType) -> dict[str, Any]:
    try:
        return row(module.measure(), module.TARGET)
    except NotMeasuredError as error:
        return {"ratio": None, "target": module.TARGET, "note": f"{_NOT_MEASURED}: {error}"}
    except Exception as error:  # noqa: BLE001 - whatever one benchmark raises must not lose the others
        traceback.print_exc()
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else ""
        return {"ratio": None, "target": module.TARGET, "note": f"{_FAILED}: {type(error).__name__}: {first_line}"}


@click.command()
@click.argument("ids", nargs=-1)
def main(ids: tuple[str, ...]) -> None:
    """Run the benchmarks with these IDS, or all of them.

    A missed target is told with its cause. Exit status 1 when one could not be measured.
    """
    known = discover()
    wanted = [name.upper() for name in ids] or list(known)
    if unknown := [name for name in wanted if name not in known]:
        raise click.UsageError(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    console = Console(width=None if sys.stdout.isatty() else 200)
    table = Table("id", "ratio", "target", "what and how")
    results: dict[str, dict[str, Any]] = {}
    for name in wanted:
        module = importlib.import_module(f"benchmarks.{known[name]}")
        title = (module.__doc__ or "").strip().splitlines()[0]
        console.print(f"{name}: {title}")
        result = results[name] = _measure(module)
        save({name: result})
        parts = "".join(f" [{part} {_limit(v['ratio'], v['target'])}]" for part, v in result.get("parts", {}).items())
        ratio = result["note"].partition(":")[0] if result["ratio"] is None else f"{result['ratio']:.3g}"
        target = "-" if result["target"] is None else f"{result['target']:g}"
        table.add_row(name, ratio, target, f"{title}{parts} {result['note']}".replace("[", "\\["))
    console.print(table)
    sys.exit(1 if any(result["note"].startswith(_FAILED) for result in results.values()) else 0)


def _limit(ratio: float, target: float | None) -> str:
    return f"{ratio:.3g}" if target is None else f"{ratio:.3g} <= {target:g}"


if __name__ == "__main__":
    main()
