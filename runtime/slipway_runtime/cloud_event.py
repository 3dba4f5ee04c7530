"""Events of EventBridge, its Scheduler and direct invocations as CloudEvents, and their delivery to the function."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from slipway_runtime.errors import DeliveryError, UnsupportedEventError
from slipway_runtime.http_event import trace
from slipway_runtime.logs import log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

REQUIRED = ("specversion", "id", "source", "type")
"""Attributes that every CloudEvent has."""

ATTRIBUTES = "_attributes"
"""Key of an EventBridge detail that holds further CloudEvents attributes; see docs/events.md."""

SCHEDULE_TYPE = "io.slipway.schedule"
"""CloudEvents type of what a schedule sends."""

_DATA = {"data", "data_base64"}
_NAME = re.compile(r"[a-z0-9]+")
_CLIENT_ERROR = 400


def from_bus(event: Mapping[str, Any]) -> dict[str, Any]:
    """The CloudEvent that an EventBridge event stands for.

    Args:
        event: With `id`, `source`, `detail-type`, `detail`, and mostly `time`, `account`, `region`.

    Returns:
        A CloudEvent in JSON format; data is the detail without `_attributes`.
    """
    detail = event["detail"]
    attributes: Mapping[str, Any] = {}
    if isinstance(detail, dict) and isinstance(detail.get(ATTRIBUTES), dict):
        attributes = detail[ATTRIBUTES]
        detail = {key: value for key, value in detail.items() if key != ATTRIBUTES}
    known = {
        "specversion": "1.0",
        "id": event.get("id"),
        "source": event["source"],
        "type": event["detail-type"],
        "time": event.get("time"),
        "datacontenttype": "application/json",
        "account": event.get("account"),
        "region": event.get("region"),
    }
    refused = sorted(name for name in attributes if name in REQUIRED or name == "data" or not _NAME.fullmatch(name))
    if refused:
        log.warning(
            "event %s: left out of %s: %s; allowed are names of a-z and 0-9 other than %s, data",
            event.get("id"),
            ATTRIBUTES,
            ", ".join(refused),
            ", ".join(REQUIRED),
        )
    extra = {name: value for name, value in attributes.items() if name not in refused}
    return normalised({**known, **extra, "data": detail})


def from_schedule(event: Mapping[str, Any]) -> dict[str, Any]:
    """The CloudEvent of one run of a schedule.

    Args:
        event: `{"slipway": "schedule", "id", "time", "schedule", "data"}`, as the deployed schedule sends it.
    """
    return normalised(
        {
            "specversion": "1.0",
            "id": event.get("id"),
            "source": f"/schedules/{event.get('schedule')}",
            "type": SCHEDULE_TYPE,
            "time": event.get("time"),
            "datacontenttype": "application/json",
            "data": event.get("data") or {},
        }
    )


def from_direct(event: Mapping[str, Any]) -> dict[str, Any]:
    """The CloudEvent that somebody invoked the function with, in CloudEvents' JSON format.

    Raises:
        UnsupportedEventError: A required attribute is missing or empty.
    """
    missing = [name for name in REQUIRED if not event.get(name)]
    if missing:
        raise UnsupportedEventError(f"the CloudEvent lacks {', '.join(missing)}; required are {', '.join(REQUIRED)}")
    return normalised(event)


def is_complete(value: object) -> bool:
    """Whether a JSON value is a CloudEvent in JSON format: an object with all required attributes."""
    return isinstance(value, dict) and all(value.get(name) for name in REQUIRED)


def deliver(app: Flask, cloud_event: Mapping[str, Any], context: Any) -> None:
    """Hand a CloudEvent to the function, through the framework's own app.

    The event travels in structured mode: the SDK below the framework does not undo the percent encoding that attributes
    beyond ASCII have in binary mode.

    Args:
        app: The framework's app of a `cloudevent` function.
        cloud_event: CloudEvent in JSON format.
        context: Lambda's context object.

    Raises:
        DeliveryError: The function answered with an error status.
        Exception: Whatever the function raises passes through, so that Lambda reports and retries it.
    """
    body = json.dumps(cloud_event).encode()
    builder = EnvironBuilder(method="POST", path="/", data=body, content_type="application/cloudevents+json")
    environ = builder.get_environ()
    app.config["PROPAGATE_EXCEPTIONS"] = True
    _, status, _ = run_wsgi_app(app, environ | trace(environ, context), buffered=True)
    if int(status.split(" ", 1)[0]) >= _CLIENT_ERROR:
        raise DeliveryError(f"the function answered event {cloud_event['id']} of type {cloud_event['type']}: {status}")


def normalised(event: Mapping[str, Any]) -> dict[str, Any]:
    """A CloudEvent in JSON format as the function would get it from any other sender.

    Attributes without a value are absent and all others are strings. Data that is not JSON by its content type travels
    as bytes, so that the function sees the same as in binary mode, which other targets deliver in.
    """
    found = {name: value if name in _DATA else _text(value) for name, value in event.items() if value is not None}
    data = found.get("data")
    if isinstance(data, str) and not is_json(found.get("datacontenttype", "application/json")):
        del found["data"]
        if data:
            found["data_base64"] = base64.b64encode(data.encode()).decode()
    return found


def is_json(content_type: str) -> bool:
    """Whether a content type says JSON: `application/json`, `application/vnd.x+json; charset=utf-8`."""
    return content_type.partition(";")[0].strip().lower().endswith(("/json", "+json"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
