"""What a schedule of a function is called, the same on every target: its events carry the name."""

from __future__ import annotations

from typing import Any

from components.function.args import ScheduleEvent
from components.names import Names, part_of


def identity_of(event: ScheduleEvent) -> tuple[Any, ...]:
    """What tells a schedule from others of the same function."""
    return (event.expression, event.timezone, dict(event.data or {}))


def schedule_name(names: Names, function: str, event: ScheduleEvent) -> str:
    """Physical name of one schedule of a function; the source of its events is `/schedules/{name}`."""
    return names.physical("schedule", function, part_of("at", "", *identity_of(event)))
