"""When schedules are due: AWS's rate, cron and at expressions.

Facts: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from croniter import croniter

_RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)")
_CRON = re.compile(r"cron\(\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*\)")
_AT = re.compile(r"at\(\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\s*\)")
_UNITS = {"minute": 60, "hour": 3600, "day": 86_400}


class UnsupportedExpressionError(ValueError):
    """The expression cannot be evaluated; the message names it."""


def next_after(expression: str, timezone: str, start: float, moment: float) -> float | None:
    """The first time after `moment` at which a schedule is due.

    Args:
        expression: `rate(...)`, `cron(...)` or `at(...)`.
        timezone: IANA name of the zone that cron and at expressions are read in.
        start: Unix seconds from which rates are counted: the first run is one interval later.
        moment: Unix seconds.

    Returns:
        Unix seconds; None when it is never due again.

    Raises:
        UnsupportedExpressionError: It is none of the three, or uses a day form that is not supported (`W`).
    """
    if match := _RATE.fullmatch(expression):
        interval = int(match[1]) * _UNITS[match[2]]
        return start + interval * max(int((moment - start) // interval) + 1, 1)
    zone = _zone(timezone)
    if match := _AT.fullmatch(expression):
        due = dt.datetime.fromisoformat(match[1]).replace(tzinfo=zone).timestamp()
        return due if due > moment else None
    if match := _CRON.fullmatch(expression):
        return _next_cron(match.groups(), expression, dt.datetime.fromtimestamp(moment, tz=zone))
    raise UnsupportedExpressionError(f"schedule expression {expression!r} is neither rate(), cron() nor at()")


def _next_cron(fields: tuple[str, ...], expression: str, moment: dt.datetime) -> float | None:
    minute, hour, day, month, weekday, year = (field.replace("?", "*") for field in fields)
    if "W" in day:
        raise UnsupportedExpressionError(f"{expression}: the nearest weekday (W) cannot be evaluated here")
    text = f"{minute} {hour} {day} {month} {_weekday(weekday)} 0 {year}"
    try:
        found: dt.datetime = croniter(text, moment).get_next(dt.datetime)
    except ValueError as error:
        if "failed to find next date" in str(error):
            return None
        raise UnsupportedExpressionError(f"{expression} cannot be evaluated: {error}") from error
    return found.timestamp()


def _weekday(field: str) -> str:
    """AWS counts 1 to 7 from Sunday, croniter 0 to 6; AWS writes the last Friday `6L`, croniter `L5`."""
    parts = []
    for part in field.split(","):
        value, slash, step = part.partition("/")
        day, hash_sign, nth = value.partition("#")
        if day == "L":
            day = "6"
        elif day.endswith("L"):
            day = f"L{int(day[:-1]) - 1}" if day[:-1].isdecimal() else f"L{day[:-1]}"
        else:
            day = re.sub(r"\d+", lambda number: str(int(number[0]) - 1), day)
        parts.append(f"{day}{hash_sign}{nth}{slash}{step}")
    return ",".join(parts)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UnsupportedExpressionError(f"time zone {name!r} is not known on this machine") from error
