"""The grammar of schedules: `rate(...)` and `cron(...)` as Amazon EventBridge Scheduler reads them.

Source: EventBridge Scheduler User Guide, "Schedule types": six fields, one of the two day fields is `?`.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_RATE = re.compile(r"rate\((\d{1,9}) (minutes?|hours?|days?)\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
"""Names of months, the first of which is 1."""

DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
"""Names of days of the week, the first of which is 1."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: Sequence[str] = ()
    special: str = ""

    @property
    def allowed(self) -> str:
        words = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f"{self.low}-{self.high}{words}, * , - /" + "".join(f" {c}" for c in self.special)

    def accepts(self, text: str) -> bool:
        return all(self._accepts_item(item) for item in text.split(","))

    def _accepts_item(self, item: str) -> bool:
        if item == "*" or (item and item in self._special_items()):
            return True
        if "W" in self.special and re.fullmatch(r"\d{1,2}W", item):
            return self._value(item[:-1]) is not None
        if "#" in self.special and (match := re.fullmatch(r"(\w+)#([1-5])", item)):
            return self._value(match[1]) is not None
        if "#" in self.special and item.endswith("L"):
            return self._value(item[:-1]) is not None
        return self._accepts_range(item)

    def _special_items(self) -> set[str]:
        return {c for c in self.special if c in "?L"} | ({"LW"} if "W" in self.special else set())

    def _accepts_range(self, item: str) -> bool:
        base, slash, step = item.partition("/")
        if slash and not (re.fullmatch(r"\d{1,4}", step) and int(step) > 0):
            return False
        if slash and base == "*":
            return True
        low, dash, high = base.partition("-")
        first, last = self._value(low), self._value(high) if dash else self._value(low)
        return first is not None and last is not None and (first <= last or bool(self.names))

    def _value(self, text: str) -> int | None:
        if text.upper() in self.names:
            return self.low + self.names.index(text.upper())
        if re.fullmatch(r"\d{1,4}", text) and self.low <= int(text) <= self.high:
            return int(text)
        return None


_FIELDS = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day of month", 1, 31, special="?LW"),
    _Field("month", 1, 12, names=MONTHS),
    _Field("day of week", 1, 7, names=DAYS, special="?L#"),
    _Field("year", 1970, 2199),
)
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4


def schedule_mistake(expression: str) -> tuple[str, str] | None:
    """What is wrong with a schedule.

    Args:
        expression: `rate(5 minutes)` or `cron(0 6 * * ? *)`.

    Returns:
        A clause that follows the property's name, and a remedy; None when the expression is right.
    """
    if expression.startswith("rate("):
        return _rate_mistake(expression)
    if match := _CRON.fullmatch(expression):
        return _cron_mistake(match[1].split())
    return (
        "must be rate(<number> <unit>) or cron(<six fields>)",
        "for example rate(5 minutes) or cron(0 6 * * ? *)",
    )


def _rate_mistake(expression: str) -> tuple[str, str] | None:
    match = _RATE.fullmatch(expression)
    if not match:
        return "must be rate(<number> <unit>)", "units are minutes, hours and days, for example rate(5 minutes)"
    number, unit = int(match[1]), match[2].removesuffix("s")
    if number == 0:
        return "must have a rate of at least 1", f"for example rate(1 {unit})"
    right = f"rate({number} {unit}{'' if number == 1 else 's'})"
    return None if expression == right else ("has the wrong form of the unit", f"write {right}")


def _cron_mistake(fields: list[str]) -> tuple[str, str] | None:
    if len(fields) != len(_FIELDS):
        return (
            f"must have six fields in cron(), found {len(fields)}",
            "minutes, hours, day of month, month, day of week, year; for example cron(0 6 * * ? *)",
        )
    for field, text in zip(_FIELDS, fields, strict=True):
        if not field.accepts(text):
            return f"has {text!r} as {field.name} of cron()", f"allowed: {field.allowed}"
    if [fields[_DAY_OF_MONTH], fields[_DAY_OF_WEEK]].count("?") != 1:
        return (
            "must have ? as either day of month or day of week in cron()",
            "the other one says the day; for example cron(0 6 * * ? *)",
        )
    return None
