"""What a function is called with and what it answers, whatever its target."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PLACEHOLDER = re.compile(r"\{([^{}+]+)\+?\}")
_SERVER_ERROR = 500


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request.

    Attributes:
        method: Method in capitals.
        path: Path, percent-encoded where needed, without a query.
        query: Names and values in order; a name may repeat.
        headers: Header names to values.
        body: Body.
    """

    method: str = "GET"
    path: str = "/"
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path with its query, as in the request line."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def with_body(self, body: Any) -> Request:
        """The same request with a body: None, text, bytes, or a JSON value, which sets a missing content type."""
        if body is None:
            return self
        if isinstance(body, bytes):
            return dataclasses.replace(self, body=body)
        if isinstance(body, str):
            return dataclasses.replace(self, body=body.encode())
        headers = dict(self.headers)
        if not any(name.lower() == "content-type" for name in headers):
            headers["content-type"] = "application/json"
        return dataclasses.replace(self, headers=headers, body=json.dumps(body).encode())


@dataclasses.dataclass(frozen=True, kw_only=True)
class BusEvent:
    """A CloudEvent from the environment's bus."""

    type: str
    source: str
    data: Any
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScheduleRun:
    """One run of a schedule."""

    schedule: str
    data: Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Message:
    """A message of a queue of the catalogue."""

    queue: str
    body: Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plain:
    """A value as it is, for a function that nothing calls by itself."""

    value: Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a function.

    Attributes:
        what: What it is called with.
        route: The public route that a request belongs to, with its `{name}` parts; None for an internal one.
        auth: How that route is guarded; None without one.
        entry_path: Path that the function's public address ends with; None when it has no public address.
        status: HTTP status that the example promises; None when nothing is promised.
    """

    what: Request | BusEvent | ScheduleRun | Message | Plain
    route: str | None = None
    auth: str | None = None
    entry_path: str | None = None
    status: int | None = None

    def failure(self, answer: Answer) -> str | None:
        """Why an answer is not what the call asked for; None when it is."""
        if answer.error is not None:
            return answer.error
        if isinstance(answer.body, dict) and answer.body.get("batchItemFailures"):
            count = len(answer.body["batchItemFailures"])
            return f"{count} {'message' if count == 1 else 'messages'} went back to the queue"
        if self.status is not None and answer.status != self.status:
            return f"answered {answer.status}, its example promises {self.status}"
        if self.status is None and isinstance(self.what, Request) and answer.status >= _SERVER_ERROR:
            return f"answered {answer.status}"
        return None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What a function answered.

    Attributes:
        status: Status of its HTTP answer; for other functions that of the call itself (200, 202, 204).
        body: Its answer: the body of an HTTP answer, or the decoded JSON value; None for an asynchronous call.
        headers: Headers of its HTTP answer; empty for other functions.
        error: `type: message` when the function failed; None when it answered.
        log: The last 4 KB of its log; empty where the target does not hand it over with the answer.
        duration_ms: How long it ran, as the target says; else how long the call took.
        version: Version that ran; empty when unknown.
        unchecked: Why this answer says nothing about the function; None when it does.
    """

    status: int
    body: Any
    headers: dict[str, str]
    error: str | None
    log: str
    duration_ms: float
    version: str
    unchecked: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the function did its work: no error, no server error as its HTTP answer."""
        return self.error is None and self.status < _SERVER_ERROR

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON values; a body of bytes as base64."""
        values = dataclasses.asdict(self)
        del values["unchecked"]
        if isinstance(self.body, bytes):
            values["body"] = base64.b64encode(self.body).decode()
        return {**values, "ok": self.ok}


def path_parameters(route: str, path: str) -> dict[str, str] | None:
    """Values of a route's `{name}` parts in a path; None when the path does not belong to the route."""
    names = _PLACEHOLDER.findall(route)
    parts = [
        (f"(?P<p{names.index(piece[1:-1].rstrip('+'))}>" + (".+" if piece.endswith("+}") else "[^/]+") + ")")
        if _PLACEHOLDER.fullmatch(piece)
        else re.escape(piece)
        for piece in re.split(r"(\{[^{}]+\})", route)
    ]
    found = re.fullmatch("".join(parts), path)
    return {name: unquote(found[f"p{index}"]) for index, name in enumerate(names)} if found else None


def text_or_bytes(content: bytes) -> str | bytes:
    """A body as text when it is valid UTF-8, else as it is."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content
