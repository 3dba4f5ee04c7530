"""CPU of log lines through the agent: with envelopes and masking / by the same collector that only reads and sends."""

from __future__ import annotations

import json
import statistics

from benchmarks import agents
from benchmarks.harness import Measurement, compare

ID = "B13"
TARGET = None
_LINES = 50_000
_ROUNDS = 3
_STAMP = "2026-11-26T10:52:03.123456789Z stdout F "


def measure() -> Measurement:
    """Half of the lines are text, half are JSON with fields, about 150 bytes each; one sink, all named patterns masked.

    For information: no other agent is had from Debian or a language's registry to be compared with.
    """
    content = "".join(f"{_STAMP}{_line(number)}\n" for number in range(_LINES)).encode()
    found: list[agents.Cost] = []

    def ours() -> float:
        found.append(agents.run(content, _LINES, bare=False))
        return found[-1].cpu_s

    cost = compare(ours, lambda: agents.run(content, _LINES, bare=True).cpu_s, rounds=_ROUNDS, warm_up=False)
    return Measurement(
        ratio=cost.ratio,
        note=f"{cost.describe()}, for {_LINES} lines of {len(content) / _LINES:.0f} bytes",
        parts={
            "lines a second per core": (_LINES / cost.ours, None),
            "bare": (_LINES / cost.theirs, None),
            "MB at rest": (statistics.median(one.rest_mb for one in found), None),
            "MB under load": (max(one.load_mb for one in found), None),
        },
    )


def _line(number: int) -> str:
    text = f"order {number} of customer {number % 977} is paid, 3 articles, 41.97 EUR, handed to the warehouse"
    if number % 2:
        return text
    return json.dumps(
        {"level": "INFO", "message": text, "logger": "orders", "order": number, "requestId": f"r-{number}"}
    )
