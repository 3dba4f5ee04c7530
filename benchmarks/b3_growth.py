"""Growth of preview CPU per resource from 1,000 to 3,000 resources: components against hand-written ones."""

from __future__ import annotations

import contextlib
import statistics
from typing import TYPE_CHECKING

from benchmarks.b1_preview_cpu import preview
from benchmarks.harness import Measurement
from benchmarks.stacks import both, functions_for

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "B3"
TARGET = 1.05
_SIZES = (1000, 3000)
_ROUNDS = 3


def measure() -> Measurement:
    """CPU seconds per resource at 3,000 over those at 1,000, of ours over that of the hand-written program.

    All four previews take turns, so that a change of the machine's pace falls on all of them.
    """
    with contextlib.ExitStack() as stacks:
        sides: dict[tuple[str, int], Callable[[], float]] = {}
        for size in _SIZES:
            _, ours, hand = stacks.enter_context(both(functions_for(size)))
            sides["ours", size] = preview(ours)
            sides["hand", size] = preview(hand)
        costs: dict[tuple[str, int], list[float]] = {side: [] for side in sides}
        for turn in range(_ROUNDS):
            for side in sides if turn % 2 == 0 else reversed(list(sides)):
                costs[side].append(sides[side]())
    growth = {
        program: statistics.median(costs[program, _SIZES[1]])
        / statistics.median(costs[program, _SIZES[0]])
        * (functions_for(_SIZES[0]) / functions_for(_SIZES[1]))
        for program in ("ours", "hand")
    }
    return Measurement(
        ratio=growth["ours"] / growth["hand"],
        note=f"a function at {_SIZES[1]} resources against one at {_SIZES[0]}: ours x{growth['ours']:.3f}, "
        f"by hand x{growth['hand']:.3f}, median of {_ROUNDS}",
    )
