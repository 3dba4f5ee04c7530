"""Lines that are written only to see whether they arrive: numbered, and marked so that nobody takes them for others."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slipway.running.records import Record

MARK = "slipway_canary"
"""Key, among the fields of a record, whose value is the run that wrote it; no other record has it."""

NUMBER = "slipway_canary_number"
"""Key of a line's number, from 0 on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the canary through the path of one function.

    Attributes:
        id: Tells it from all others.
        count: How many lines it writes.
        level: Severity of its lines: one that all the function's sinks take.
    """

    id: str
    count: int
    level: str = "INFO"

    def line(self, number: int, timestamp: str) -> str:
        """A line, as a function's own logger would write it.

        Args:
            number: Its number, from 0 on.
            timestamp: When it is written, RFC 3339 in UTC.
        """
        said = {"timestamp": timestamp, "level": self.level, "message": self.message, MARK: self.id, NUMBER: number}
        return json.dumps(said)

    @property
    def message(self) -> str:
        """The message of its lines."""
        return f"delivery canary {self.id}"

    def number_of(self, record: Record) -> int | None:
        """Number of the line that a record is; None for any other record."""
        fields = record.envelope.get("fields") or {}
        number = fields.get(NUMBER) if fields.get(MARK) == self.id else None
        return number if isinstance(number, int) and 0 <= number < self.count else None


def is_canary(record: Record) -> bool:
    """Whether a record is a line of any run."""
    return MARK in (record.envelope.get("fields") or {})
