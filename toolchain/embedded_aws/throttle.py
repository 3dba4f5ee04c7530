"""Bounds of requests to routes: a token bucket for each."""

from __future__ import annotations

import threading
import time


class Throttle:
    """Token buckets by name; safe to use from all threads."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def admit(self, name: str, *, rate: float, burst: float, now: float | None = None) -> bool:
        """Whether one more request is within bounds; if so, it is counted.

        Args:
            name: The bucket, for example an API's route.
            rate: Requests a second that it refills with.
            burst: Requests that it holds.
            now: Monotonic seconds; None takes the clock.
        """
        moment = time.monotonic() if now is None else now
        with self._lock:
            level, filled = self._buckets.get(name, (float(burst), moment))
            level = min(float(burst), level + (moment - filled) * rate)
            admitted = level >= 1
            self._buckets[name] = (level - admitted, moment)
            return admitted
