"""CloudEvents as Knative delivers them, made equal to what the Lambda adapter gives a function."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from slipway_runtime import cloud_event

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEDULE = "slipwayschedule"
"""Extension that the deployed PingSource gives its events: name of the schedule."""

_STRUCTURED = "application/cloudevents+json"
_NAME = re.compile(r"[a-z0-9]+")
_TRANSPORT = "knative"
_HEADER = "HTTP_CE_"


def carries(environ: Mapping[str, Any]) -> bool:
    """Whether a request carries a CloudEvent, in binary or structured mode."""
    return f"{_HEADER}SPECVERSION" in environ or _media_type(environ) == _STRUCTURED


def read(environ: Mapping[str, Any], body: bytes) -> dict[str, Any] | None:
    """The CloudEvent of a request, in JSON format and as the function would get it on Lambda.

    Args:
        environ: WSGI environment for which `carries` holds.
        body: The request's body.

    Returns:
        The event; None if the request does not hold a whole one.
    """
    event = _structured(body) if _media_type(environ) == _STRUCTURED else _binary(environ, body)
    if not cloud_event.is_complete(event):
        return None
    # What brokers and channels note for themselves would differ from one delivery to the next.
    event = {name: value for name, value in event.items() if not name.startswith(_TRANSPORT)}
    if SCHEDULE in event:
        return cloud_event.from_schedule(
            {
                "id": event["id"],
                "time": _due(event.get("time")),
                "schedule": event[SCHEDULE],
                "data": _data_of(event),
            }
        )
    return cloud_event.from_direct(event)


def _media_type(environ: Mapping[str, Any]) -> str:
    return str(environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()


def _structured(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _binary(environ: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    names = {key: key.removeprefix(_HEADER).lower() for key in environ if key.startswith(_HEADER)}
    event: dict[str, Any] = {name: _value(environ[key]) for key, name in names.items() if _NAME.fullmatch(name)}
    if environ.get("CONTENT_TYPE"):
        event["datacontenttype"] = environ["CONTENT_TYPE"]
    if body:
        event |= _data(body, event.get("datacontenttype"))
    return event


def _value(header: str) -> str:
    """Value of an attribute; headers hold it percent-encoded, some senders put plain UTF-8 there."""
    raw = unquote_to_bytes(header.encode("latin-1"))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _data(body: bytes, content_type: str | None) -> dict[str, Any]:
    if content_type is None or cloud_event.is_json(content_type):
        try:
            return {"data": json.loads(body)}
        except ValueError:
            pass
    return {"data_base64": base64.b64encode(body).decode()}


def _data_of(event: Mapping[str, Any]) -> Any:
    if "data_base64" not in event:
        return event.get("data")
    try:
        return json.loads(base64.b64decode(event["data_base64"]))
    except ValueError:
        return None


def _due(time: Any) -> Any:
    """When a run was due: schedules have whole minutes, and events are made a moment later."""
    try:
        moment = dt.datetime.fromisoformat(str(time)).astimezone(dt.UTC)
    except ValueError:
        return time
    return moment.replace(second=0, microsecond=0).isoformat().replace("+00:00", "Z")
