"""What to call a function with: its example, or what the command line says, in the shape of its first event."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from slipway.aws import payloads
from slipway.core.errors import BadInputError
from slipway.core.example import Example

if TYPE_CHECKING:
    from slipway.aws.clients import Aws
    from slipway.core.events import HttpEvent
    from slipway.core.loaded import LoadedFunction

_ANY_SOURCE = "slipway.invoke"
_SERVER_ERROR = 500


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a function.

    Attributes:
        payload: Event for Lambda's Invoke.
        request: The HTTP request that the event stands for; None for other events.
        status: HTTP status that the example promises; None when nothing is promised.
    """

    payload: Any
    request: payloads.Request | None = None
    status: int | None = None


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


def from_example(aws: Aws, function: LoadedFunction) -> Call:
    """The call that a function's example describes; without one, a GET of its first route or an event without data."""
    given = function.example
    first = first_route(function)
    if first is None:
        return Call(payload=event(aws, function, given.data if given else None))
    asked = given or Example()
    path, _, query = (asked.path or first.path).partition("?")
    request = payloads.Request(
        method=asked.method,
        path=path,
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=asked.headers,
    ).with_body(asked.body)
    return http_call(aws, function, request, given.status if given else None)


def first_route(function: LoadedFunction) -> HttpEvent | None:
    """The function's first event if that is an HTTP route."""
    events = function.manifest.events
    return events[0].http if events else None


def http_call(aws: Aws, function: LoadedFunction, request: payloads.Request, status: int | None = None) -> Call:
    """The call that an HTTP request makes: by the public route that its path belongs to, or a Function URL."""
    route = next(
        (
            item.path
            for item in function.manifest.http
            if item.visibility == "public" and payloads.path_parameters(item.path, request.path) is not None
        ),
        None,
    )
    payload = payloads.http(request, route=route, account=aws.account)
    return Call(payload=payload, request=request, status=status)


def event(aws: Aws, function: LoadedFunction, data: Any) -> Any:
    """The event that carries `data`, in the shape of the function's first event; `data` itself for one without any."""
    events = function.manifest.events
    first = events[0] if events else None
    if first is not None and first.event is not None:
        return payloads.bus(
            type_=first.event.type,
            source=first.event.source or _ANY_SOURCE,
            data={} if data is None else data,
            attributes=first.event.attributes,
            account=aws.account,
            region=aws.region,
        )
    if first is not None and first.schedule is not None:
        return payloads.schedule(name=function.name, data=first.schedule.data or {} if data is None else data)
    if first is not None and first.queue is not None:
        arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{first.queue.name}"
        return payloads.queue(bodies=["" if data is None else data], arn=arn, region=aws.region)
    return {} if data is None else data


def failure(call: Call, status: int, body: Any, error: str | None) -> str | None:
    """Why an answer is not what the call asked for; None when it is."""
    if error is not None:
        return error
    if isinstance(body, dict) and body.get("batchItemFailures"):
        count = len(body["batchItemFailures"])
        return f"{count} {'message' if count == 1 else 'messages'} went back to the queue"
    if call.status is not None and status != call.status:
        return f"answered {status}, its example promises {call.status}"
    if call.status is None and call.request is not None and status >= _SERVER_ERROR:
        return f"answered {status}"
    return None
