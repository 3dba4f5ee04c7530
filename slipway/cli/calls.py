"""What to call a function with: its example, or what the command line says, in the shape of its first event."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from slipway.core.errors import BadInputError
from slipway.core.example import Example
from slipway.running.calls import BusEvent, Call, Message, Plain, Request, ScheduleRun, path_parameters

if TYPE_CHECKING:
    from slipway.core.events import HttpEvent
    from slipway.core.loaded import LoadedFunction

_ANY_SOURCE = "slipway.invoke"


def read_data(text: str) -> Any:
    """What `--data` says: JSON, `@file`, or `-` for standard input; text that is no JSON stands for itself.

    Raises:
        BadInputError: The file cannot be read.
    """
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInputError(f"--data: {text[1:]} cannot be read ({error})") from error
    try:
        return json.loads(text)
    except ValueError:
        return text


def from_example(function: LoadedFunction) -> Call:
    """The call that a function's example describes; without one, a GET of its first route or an event without data."""
    given = function.example
    first = first_route(function)
    if first is None:
        return event(function, given.data if given else None)
    asked = given or Example()
    path, _, query = (asked.path or first.path).partition("?")
    request = Request(
        method=asked.method,
        path=path,
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=asked.headers,
    ).with_body(asked.body)
    return http_call(function, request, given.status if given else None)


def first_route(function: LoadedFunction) -> HttpEvent | None:
    """The function's first event if that is an HTTP route."""
    events = function.manifest.events
    return events[0].http if events else None


def http_call(function: LoadedFunction, request: Request, status: int | None = None) -> Call:
    """The call that an HTTP request makes: by the public route that its path belongs to, or an internal one."""
    matching = [route for route in function.manifest.http if path_parameters(route.path, request.path) is not None]
    route = next((route for route in matching if route.visibility == "public"), None)
    first = first_route(function)
    guarding = route or (matching[0] if matching else first)
    return Call(
        what=request,
        route=route.path if route else None,
        auth=guarding.auth if guarding else None,
        entry_path=first.path if route and first and first.visibility == "public" else None,
        status=status,
    )


def event(function: LoadedFunction, data: Any) -> Call:
    """The event that carries `data`, in the shape of the function's first event; `data` itself for one without any."""
    events = function.manifest.events
    first = events[0] if events else None
    if first is not None and first.event is not None:
        return Call(
            what=BusEvent(
                type=first.event.type,
                source=first.event.source or _ANY_SOURCE,
                data={} if data is None else data,
                attributes=first.event.attributes,
            )
        )
    if first is not None and first.schedule is not None:
        value = first.schedule.data or {} if data is None else data
        return Call(what=ScheduleRun(schedule=function.name, data=value))
    if first is not None and first.queue is not None:
        return Call(what=Message(queue=first.queue.name, body="" if data is None else data))
    return Call(what=Plain(value={} if data is None else data))
