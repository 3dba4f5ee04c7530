"""Records of logs, whatever wrote and kept them."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from slipway.core.errors import BadInputError
from slipway.running import log_text

if TYPE_CHECKING:
    from collections.abc import Iterable

_AGO = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """One event of a log.

    Attributes:
        time: When it was logged.
        message: The event's text as stored.
        stream: What it came from: a log stream, a pod.
        id: Tells it from all others of that log.
    """

    time: dt.datetime
    message: str
    stream: str
    id: str

    def render(self) -> str:
        """`time level message` on one line or, with a traceback, on several."""
        stamp = self.time.astimezone().isoformat(timespec="milliseconds")
        level, text = log_text.level_and_text(self.message)
        return f"{stamp} {level:<5} {text}"

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values; what the function logged as JSON is an object."""
        return {
            "time": self.time.isoformat(),
            "stream": self.stream,
            "message": log_text.decode(self.message) or self.message.rstrip("\n"),
        }


def parse_since(text: str, now: dt.datetime) -> dt.datetime:
    """A point in time from `10m`, `2h`, `1d`, or an ISO 8601 date or time (local time unless it says otherwise).

    Raises:
        BadInputError: It is none of these.
    """
    ago = _AGO.fullmatch(text.strip().lower())
    try:
        if ago:
            return now - dt.timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
        return dt.datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise BadInputError(
            f"--since: {text!r} is no time; give 30s, 10m, 2h, 1d or 2030-01-31T12:00:00Z, for example"
        ) from None


def last(records: Iterable[Record], count: int) -> list[Record]:
    """The last `count` records."""
    return list(collections.deque(records, maxlen=count))
