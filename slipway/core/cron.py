"""Turns schedules into the five fields of Unix cron, which PingSource takes, where that says exactly the same.

Sources: EventBridge Scheduler User Guide, "Schedule types"; robfig/cron v3, which Knative's PingSource parses with.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slipway.core.expressions import DAYS, MONTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
_HOUR, _DAY, _WEEK = 60, 24 * 60, 7 * 24 * 60
_MONTH_FIELD, _WEEKDAY_FIELD = 3, 4
_SPECIAL = {"L": "the last day (L)", "W": "the nearest weekday (W)", "#": "a numbered weekday of the month (#)"}


class NoCronError(Exception):
    """A schedule that Unix cron cannot express.

    Attributes:
        feature: Which of the two kinds it is: `schedule.rate` or `schedule.calendar`.
    """

    def __init__(self, feature: str, message: str) -> None:
        super().__init__(message)
        self.feature = feature


def unix_cron(expression: str) -> str:
    """The five fields of a schedule, for example `*/5 * * * *` for `rate(5 minutes)`.

    Args:
        expression: A right expression, `rate(...)` or `cron(...)`.

    Raises:
        NoCronError: Unix cron cannot express it.
    """
    if expression.startswith("rate("):
        return _rate(expression)
    minute, hour, day, month, weekday, year = expression.removeprefix("cron(").removesuffix(")").split()
    if year != "*":
        raise NoCronError("schedule.calendar", f"its year {year}")
    for text in (day.upper(), weekday.upper()):
        # Names of days and months hold such letters too; here only day fields are asked, without those names.
        bare = re.sub("|".join(DAYS), "", text)
        for sign, words in _SPECIAL.items():
            if sign in bare:
                raise NoCronError("schedule.calendar", words)
    fields = [
        minute,
        hour,
        day.replace("?", "*"),
        _field(month, MONTHS, 1),
        _field(weekday.replace("?", "*"), DAYS, 1, shift=-1),
    ]
    return " ".join(fields)


def _rate(expression: str) -> str:
    number, unit = expression.removeprefix("rate(").removesuffix(")").split()
    minutes = int(number) * _MINUTES[unit.removesuffix("s")]
    if minutes < _HOUR and _HOUR % minutes == 0:
        return "* * * * *" if minutes == 1 else f"*/{minutes} * * * *"
    if minutes < _DAY and _DAY % minutes == 0 and minutes % _HOUR == 0:
        return "0 * * * *" if minutes == _HOUR else f"0 */{minutes // _HOUR} * * *"
    if minutes in {_DAY, _WEEK}:
        return "0 0 * * *" if minutes == _DAY else "0 0 * * 0"
    raise NoCronError("schedule.rate", f"every {number} {unit}")


def _field(text: str, names: Sequence[str], first: int, *, shift: int = 0) -> str:
    """A field of months or weekdays as numbers; ranges over the end are written out, as cron takes none."""
    return ",".join(_item(item, names, first, shift) for item in text.split(","))


def _item(item: str, names: Sequence[str], first: int, shift: int) -> str:
    base, slash, step = item.partition("/")
    if base == "*":
        return item

    def number(name: str) -> int:
        return names.index(name.upper()) + first if name.upper() in names else int(name)

    low, dash, high = base.partition("-")
    start, end = number(low), number(high or low)
    if start <= end:
        return f"{start + shift}" + (f"-{end + shift}" if dash else "") + slash + step
    wrapped = [*range(start, first + len(names)), *range(first, end + 1)][:: int(step or 1)]
    return ",".join(str(value + shift) for value in wrapped)
