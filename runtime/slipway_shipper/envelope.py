"""Makes envelopes of events: the form that logs have in every store, on every target."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from slipway_shipper import formats
from slipway_shipper.redaction import Redaction

if TYPE_CHECKING:
    from slipway_shipper.batches import Batch, Event
    from slipway_shipper.settings import Settings

# Lambda cuts what is longer than an event of CloudWatch Logs may be, 256 KB or 1 MB with the 26 bytes of its frame.
_LIMITS = (256 * 1024, 1024 * 1024)
_FRAME = 26


class Envelopes:
    """Makes the envelopes of one sink.

    Args:
        settings: What the sink wants.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redaction = Redaction(settings.redact, settings.redact_keys)

    def of(self, batch: Batch, owner: str | None) -> list[dict[str, Any]]:
        """Envelopes of the events that the sink wants.

        Args:
            batch: Events of one log stream.
            owner: Who answers for the function; None when that is not known.
        """
        made = (self._envelope(batch, event, owner) for event in batch.events)
        return [envelope for envelope in made if envelope is not None]

    def _envelope(self, batch: Batch, event: Event, owner: str | None) -> dict[str, Any] | None:
        said = formats.read(event.message)
        settings = self._settings
        if not settings.wants(said.severity, said.source):
            return None
        if any(expression.search(said.message) for expression in settings.exclude):
            return None
        hide = self._redaction
        envelope = {
            "timestamp": said.timestamp or moment(event.milliseconds),
            "severity": said.severity,
            "message": hide.text(said.message),
            "fields": hide.value(said.fields) or None,
            "error": {name: hide.text(text) for name, text in said.error.items()} or None,
            "function": batch.function,
            "environment": settings.environment,
            "target": "lambda",
            "revision": batch.version,
            "owner": owner,
            "source": said.source,
            "request_id": said.request_id,
            "trace_id": said.trace_id,
            "span_id": said.span_id,
            "id": event.id,
            "cut": True if is_cut(event.message) else None,
        }
        return {name: value for name, value in envelope.items() if value is not None}


def moment(milliseconds: int) -> str:
    """A time as envelopes write it: `2026-11-26T10:52:03.123Z`."""
    found = dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_cut(message: str) -> bool:
    """Whether a message is as long as one can be, which only those are that were cut."""
    size = len(message.encode())
    return any(limit - _FRAME <= size <= limit for limit in _LIMITS)


def line(envelope: dict[str, Any]) -> bytes:
    """An envelope as a line of JSON."""
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
