"""From a request that delivers a dead letter to a letter, and from a letter to the request that sends it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slipway_deadletters.store import Letter

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = ("id", "type", "source", "time")
_REQUIRED = ("specversion", "id", "source", "type")
_TRANSPORT = "knative"
# https://knative.dev/docs/eventing/event-delivery/: what Knative says of a failure.
_ERRORS = {"knativeerrorcode": "code", "knativeerrordest": "destination"}
_STRUCTURED = "application/cloudevents+json"
_KEPT = frozenset({"content-type", "traceparent", "tracestate"})


def read(headers: Mapping[str, str], body: bytes) -> Letter | None:
    """The letter that a request delivers, in binary or structured mode; None if it carries no whole CloudEvent.

    Args:
        headers: The request's headers, with names in lower case.
        body: Its body.
    """
    kept = {name: value for name, value in headers.items() if name in _KEPT or name.startswith("ce-")}
    attributes: Mapping[str, Any] = {name.removeprefix("ce-"): value for name, value in kept.items()}
    if _is_structured(headers):
        attributes = _document(body)
    if not all(attributes.get(name) for name in _REQUIRED):
        return None
    event = {name: str(attributes[name]) for name in _SHOWN if attributes.get(name)}
    error = {shown: str(attributes[name]) for name, shown in _ERRORS.items() if attributes.get(name)}
    return Letter(kept, body, event, error)


def again(letter: Letter) -> tuple[dict[str, str], bytes]:
    """Headers and body that send a letter again, without what Knative has added on its way here."""
    headers = {name: value for name, value in letter.headers.items() if not name.startswith(f"ce-{_TRANSPORT}")}
    if not _is_structured(headers):
        return headers, letter.body
    document = {name: value for name, value in _document(letter.body).items() if not name.startswith(_TRANSPORT)}
    return headers, json.dumps(document).encode()


def _is_structured(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == _STRUCTURED


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
