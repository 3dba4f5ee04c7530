"""Records of logs, whatever wrote and kept them: each is an envelope, one JSON object of the same keys everywhere."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from slipway.core.errors import BadInputError
from slipway.running import log_text, messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_AGO = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_STAMP = re.compile(
    r"(?P<whole>\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d+))?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?"
)
_NANOS = 1_000_000_000
KEYS = (
    *("timestamp", "severity", "message", "fields", "error", "function", "environment", "target", "revision", "owner"),
    *("commit", "source", "request_id", "trace_id", "span_id", "id", "cut"),
)
"""Keys of an envelope, in order."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """One record of a log.

    Attributes:
        nanos: When it was logged, in nanoseconds since 1970.
        envelope: The record as its sinks get it.
    """

    nanos: int
    envelope: Mapping[str, Any]

    @classmethod
    def of(cls, envelope: Any) -> Record:
        """The record that an envelope is.

        Raises:
            ValueError: It is none: no object, or without a time.
        """
        if not isinstance(envelope, dict):
            raise ValueError("no JSON object")  # noqa: TRY004 - JSON of a wrong shape is a wrong value
        return cls(parse_stamp(str(envelope.get("timestamp", ""))), envelope)

    @property
    def id(self) -> str:
        """Tells the record from all others; the same where it was delivered twice."""
        return str(self.envelope.get("id", ""))

    @property
    def source(self) -> str:
        """What it came from: `function`, `platform`, `request` or `event`."""
        return str(self.envelope.get("source", "function"))

    def render(self) -> str:
        """`time level message` on one line or, with a traceback, on several."""
        stamp = moment_of(self.nanos).astimezone().isoformat(timespec="milliseconds")
        return f"{stamp} {self.envelope.get('severity', ''):<5} {log_text.text_of(self.envelope)}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Origin:
    """Whose log it is.

    Attributes:
        environment: Name of the environment.
        function: Name of the function.
        target: Where it runs: `lambda` or `knative`.
        owner: Team that answers for it; None when unknown.
    """

    environment: str
    function: str
    target: str
    owner: str | None = None

    def record(
        self,
        message: str,
        *,
        timestamp: str,
        id: str,  # noqa: A002 - as the envelope calls it
        revision: str | None,
        own_time: bool = False,
        cut: bool = False,
    ) -> Record:
        """The record that a message is, with the same envelope as in a sink.

        Args:
            message: The message as it was written.
            timestamp: When, RFC 3339 in UTC.
            id: Tells it from all others.
            revision: Version that wrote it.
            own_time: Whether a time in the message itself counts, where it is finer than to the second.
            cut: Whether the platform cut it.
        """
        said = messages.read(message)
        envelope = {
            **said,
            "timestamp": said.get("timestamp", timestamp) if own_time else timestamp,
            "function": self.function,
            "environment": self.environment,
            "target": self.target,
            "revision": revision,
            "owner": self.owner,
            "id": id,
            "cut": cut or None,
        }
        return Record.of({name: envelope[name] for name in KEYS if envelope.get(name) is not None})


def parse_stamp(text: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time; UTC where it names no zone.

    Raises:
        ValueError: It is none.
    """
    found = _STAMP.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no RFC 3339 time")
    zone = (found["zone"] or "Z").upper()
    whole = dt.datetime.fromisoformat(found["whole"].upper() + ("+00:00" if zone == "Z" else zone))
    return nanos_of(whole) + int((found["fraction"] or "0")[:9].ljust(9, "0"))


def stamp_of(nanos: int, digits: int = 9) -> str:
    """A time as RFC 3339 in UTC, with so many digits of a second."""
    whole, fraction = divmod(nanos, _NANOS)
    return f"{_EPOCH + dt.timedelta(seconds=whole):%Y-%m-%dT%H:%M:%S}.{f'{fraction:09d}'[:digits]}Z"


def nanos_of(moment: dt.datetime) -> int:
    """A point in time in nanoseconds since 1970."""
    past = moment - _EPOCH
    return (past.days * 86400 + past.seconds) * _NANOS + past.microseconds * 1000


def moment_of(nanos: int) -> dt.datetime:
    """The point in time of nanoseconds since 1970; Python keeps microseconds."""
    return _EPOCH + dt.timedelta(microseconds=nanos // 1000)


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
