"""Time of `slipway cluster up` with nothing to do / from empty data, its parts installed."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks import clusters
from benchmarks.harness import Measurement
from toolchain.embedded_cluster import lifecycle
from toolchain.progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "B12"
TARGET = 0.1
_ROUNDS = 5


def measure() -> Measurement:
    """Seconds on the clock, not CPU seconds: most of it is waiting for parts that start, and they outlive `up`.

    A cold start happens once in a run, so its time is a single one.
    """
    reporter = Reporter()
    with clusters.empty() as config:

        def up() -> float:
            return _seconds(lambda: lifecycle.up(config, reporter))

        cold = up()
        warm = statistics.median(up() for _ in range(_ROUNDS))
        lifecycle.down(config)
        again = up()
    return Measurement(
        ratio=warm / cold,
        note=f"{warm:.3g} s with nothing to do, median of {_ROUNDS}, against {cold:.3g} s from empty data and "
        f"{again:.3g} s after `down`, with its data, once each; time on the clock, so a busy machine shows",
        parts={"after down": (again / cold, None)},
    )


def _seconds(call: Callable[[], object]) -> float:
    before = time.monotonic()
    call()
    return time.monotonic() - before
