import json
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as benchmarks
from benchmarks.__main__ import discover, row, save
from benchmarks.harness import CommandError, Comparison, Measurement, NotMeasuredError, call_cpu, command_cpu, compare

_BUSY = "import hashlib\nfor _ in range({n}): hashlib.sha256(bytes(1 << 20)).digest()\n"


def test_command_cpu_counts_grandchildren():
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_BUSY.format(n=400)!r}], check=True)"
    idle = command_cpu([sys.executable, "-c", "pass"])
    assert command_cpu([sys.executable, "-c", nested]) > 2 * idle


def test_failed_command_shows_its_last_words():
    with pytest.raises(CommandError, match=r"ended with 7: .*last words"):
        command_cpu([sys.executable, "-c", "import sys; print('last words'); sys.exit(7)"])


def test_call_cpu_counts_this_process():
    assert call_cpu(lambda: sum(range(3_000_000))) > call_cpu(lambda: None)


def test_sides_take_turns_and_alternate_who_is_first():
    order = []

    def side(name, costs):
        values = iter(costs)

        def run():
            order.append(name)
            return next(values)

        return run

    found = compare(side("ours", [9, 1, 2, 30]), side("theirs", [9, 10, 20, 30]), rounds=3)
    assert order == ["ours", "theirs", "ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert found == Comparison(ours=2, theirs=20, rounds=3)
    assert found.ratio == 0.1


def test_nothing_on_the_other_side_is_no_division_by_zero():
    assert Comparison(ours=1, theirs=0, rounds=1).ratio == float("inf")


def test_missed_targets_are_named():
    assert row(Measurement(0.5, "x"), 0.4)["note"] == "MISSED (0.5 > 0.4): x"
    assert row(Measurement(0.3, "x"), 0.4) == {"ratio": 0.3, "target": 0.4, "note": "x"}
    with_parts = row(Measurement(0.3, "x", parts={"logs": (0.5, 0.02)}), 0.4)
    assert with_parts["note"] == "MISSED (logs 0.5 > 0.02): x"


def test_without_a_target_nothing_is_missed():
    found = row(Measurement(9, "x", parts={"warm": (7, None)}), None)
    assert found == {"ratio": 9, "target": None, "note": "x", "parts": {"warm": {"ratio": 7, "target": None}}}


@pytest.mark.parametrize(
    ("error", "status", "note"),
    [(NotMeasuredError("needs root"), 0, "not measured: needs root"), (OSError("gone"), 1, "FAILED: OSError: gone")],
)
def test_what_cannot_be_measured_here_is_no_failure(monkeypatch, tmp_path, error, status, note):
    def measure():
        raise error

    module = SimpleNamespace(__doc__="A title.", TARGET=None, measure=measure)
    monkeypatch.setattr(benchmarks, "discover", lambda: {"B1": "b1_one"})
    monkeypatch.setattr(benchmarks.importlib, "import_module", lambda name: module)
    saved = {}
    monkeypatch.setattr(benchmarks, "save", saved.update)
    done = CliRunner().invoke(benchmarks.main, ["b1"])
    assert done.exit_code == status
    assert saved == {"B1": {"ratio": None, "target": None, "note": note}}
    assert note.partition(":")[0] in done.output


def test_results_are_merged_with_those_of_an_earlier_run(tmp_path):
    path = tmp_path / "build" / "bench.json"
    save({"B5": {"ratio": 1}}, path)
    save({"B1": {"ratio": 2}}, path)
    assert json.loads(path.read_text()) == {"B1": {"ratio": 2}, "B5": {"ratio": 1}}


def test_benchmarks_are_found_by_their_names_in_numeric_order(tmp_path):
    for name in ("b10_note.py", "b2_calls.py", "harness.py"):
        (tmp_path / name).touch()
    assert discover(tmp_path) == {"B2": "b2_calls", "B10": "b10_note"}
