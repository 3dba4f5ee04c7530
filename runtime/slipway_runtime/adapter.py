"""Picks for each event that Lambda hands over the way to the function and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.test import run_wsgi_app

from slipway_runtime import cloud_event, http_event, queue_event
from slipway_runtime.errors import UnsupportedEventError
from slipway_runtime.logs import log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

_HTTP_SHAPES = "requests of API Gateway v2 or a Function URL (payload format 2.0)"
_EVENT_SHAPES = f"events of EventBridge, of Slipway's schedules and of SQS, CloudEvents in JSON format, {_HTTP_SHAPES}"


class Adapter:
    """Serves Lambda's events with the app of the Functions Framework."""

    def __init__(self, app: Flask, signature: str) -> None:
        """Keep the app.

        Args:
            app: From `functions_framework.create_app`.
            signature: `http` or `cloudevent`.
        """
        self._app = app
        self._signature = signature

    def handle(self, event: Any, context: Any) -> dict[str, Any] | None:
        """Serve one invocation.

        Args:
            event: Decoded JSON.
            context: Lambda's context object.

        Returns:
            An HTTP answer, the failures of an SQS batch, or None for other events.

        Raises:
            UnsupportedEventError: The function does not serve such an event.
            Exception: The function failed to handle an event (HTTP requests are answered with status 500 instead).
        """
        if isinstance(event, dict):
            if http_event.matches(event):
                return self._http(event, context)
            if self._signature == "cloudevent":
                if queue_event.matches(event):
                    return queue_event.serve(self._app, event, context)
                converted = _to_cloud_event(event)
                if converted is not None:
                    cloud_event.deliver(self._app, converted, context)
                    return None
        accepted = _EVENT_SHAPES if self._signature == "cloudevent" else _HTTP_SHAPES
        raise UnsupportedEventError(
            f"{self._app.name} is a function for {self._signature}: it accepts {accepted}; found {_describe(event)}"
        )

    def _http(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        environ = http_event.to_environ(event, context)
        # The framework answers failures itself, in the same words as on any other server, and logs the traceback.
        self._app.config["PROPAGATE_EXCEPTIONS"] = False
        try:
            body, status, headers = run_wsgi_app(self._app, environ, buffered=True)
            return http_event.to_response(status, headers.items(), b"".join(body))
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets an answer and the log the traceback
            # What the framework does not catch: answers that fail while they are streamed.
            log.exception("%s %s failed while answering", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return http_event.plain(500, "Internal Server Error")


def _to_cloud_event(event: Mapping[str, Any]) -> dict[str, Any] | None:
    if "specversion" in event:
        return cloud_event.from_direct(event)
    if event.get("slipway") == "schedule":
        return cloud_event.from_schedule(event)
    if {"source", "detail-type", "detail"} <= event.keys():
        return cloud_event.from_bus(event)
    return None


def _describe(event: object) -> str:
    """What was found, by its shape only: values may be confidential."""
    if not isinstance(event, dict):
        return f"a JSON value of type {type(event).__name__}"
    if "httpMethod" in event and "requestContext" in event:
        return "a request in payload format 1.0; set the integration's payload format to 2.0"
    if queue_event.matches(event):
        return "a batch of SQS messages"
    if "Records" in event:
        sources = {str(record.get("eventSource")) for record in event["Records"] if isinstance(record, dict)}
        return f"records of {', '.join(sorted(sources)) or 'an unknown source'}"
    if "specversion" in event:
        return "a CloudEvent"
    return f"an object with the keys {', '.join(sorted(event)) or '(none)'}"
