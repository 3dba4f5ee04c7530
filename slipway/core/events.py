"""Models of what calls a function."""

import re
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, model_validator

from slipway.core.expressions import schedule_mistake
from slipway.core.fields import Bounds, Model, Name, Shape, Throttle, mistake, short_form

_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
_PARAMETER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
_LAST_PARAMETER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\+?\}")

Method = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "ANY"]


def _check_path(path: str) -> str:
    *before, last = path.removeprefix("/").split("/")
    if not path.startswith("/"):
        raise mistake("bad-path", f"must start with /, found {path!r}")
    if path != "/" and not last:
        raise mistake("bad-path", "must not end with /", f"write {path.rstrip('/') or '/'}")
    if path == "/":
        return path
    parts = [*before, last]
    if {".", ".."} & set(parts):
        raise mistake("bad-path", "must not have . or .. as a part")
    right = all(_SEGMENT.fullmatch(p) or _PARAMETER.fullmatch(p) for p in before)
    if not right or not (_SEGMENT.fullmatch(last) or _LAST_PARAMETER.fullmatch(last)):
        raise mistake(
            "bad-path",
            f"must have parts of letters, digits and . _ ~ - or parameters, found {path!r}",
            "for example /orders/{id} or, as the last part, /files/{path+}",
        )
    names = [p.strip("{}+") for p in parts if p.startswith("{")]
    if len(names) != len(set(names)):
        raise mistake("bad-path", "has the same parameter twice", "give each its own name")
    return path


def _check_methods(methods: list[str]) -> list[str]:
    if len(methods) != len(set(methods)):
        raise mistake("repeated-value", "has a method twice", "keep one")
    if "ANY" in methods and len(methods) > 1:
        raise mistake("bad-methods", "has ANY among other methods", "keep either ANY or the others")
    return methods


def _check_origins(origins: list[str]) -> list[str]:
    for origin in origins:
        if origin != "*" and not re.fullmatch(r"https?://[A-Za-z0-9.*-]+(:\d{1,5})?", origin):
            raise mistake("bad-origin", f"must have origins without a path, found {origin!r}", "as https://example.com")
    return origins


def _check_expression(expression: str) -> str:
    if wrong := schedule_mistake(expression):
        raise mistake("bad-schedule", f"{wrong[0]}, found {expression!r}", wrong[1])
    return expression


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_timezone(name: str) -> str:
    # A machine without a time zone database cannot tell; the pattern of the field has been checked already.
    if _timezones() and name not in _timezones():
        raise mistake("unknown-timezone", f"must be a time zone's IANA name, found {name!r}", "as Europe/Berlin or UTC")
    return name


def _check_attributes(attributes: dict[str, str]) -> dict[str, str]:
    for name in sorted({"type", "source", "data", "specversion"} & attributes.keys()):
        raise mistake("bad-attribute", f"cannot hold {name!r}", "type and source have keys of their own")
    return attributes


class Cors(Model):
    """Cross-origin rules of a route."""

    origins: Annotated[list[str], Field(min_length=1), AfterValidator(_check_origins)] = Field(
        description="Origins that may read answers.", examples=[["https://shop.example.com"]]
    )
    methods: Annotated[list[Method], Field(min_length=1), AfterValidator(_check_methods)] = Field(
        default=["GET"], description="HTTP methods that other origins may use."
    )
    headers: list[Annotated[str, Shape(r"[A-Za-z0-9-]{1,64}|\*", "the name of a header")]] = Field(
        default=[], description="Request headers that other origins may send."
    )
    credentials: bool = Field(default=False, description="Whether browsers may send cookies; never with origin `*`.")
    max_age: Annotated[int, Bounds(0, 86400, "seconds")] = Field(
        default=300, description="Seconds for which a browser may remember these rules."
    )

    @model_validator(mode="after")
    def _no_cookies_for_everyone(self) -> Self:
        if self.credentials and "*" in self.origins:
            raise mistake("open-cors", "has credentials together with origin *", "name the origins")
        return self


class HttpEvent(Model):
    """An HTTP route."""

    path: Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_check_path)] = Field(
        description="Path with optional `{name}` parts and a trailing `{name+}`.", examples=["/orders/{id}"]
    )
    methods: Annotated[list[Method], Field(min_length=1), AfterValidator(_check_methods)] = Field(
        default=["ANY"], description="HTTP methods; `ANY` alone means all."
    )
    auth: Literal["none", "token", "iam"] = Field(
        default="iam", description="Who may call: `none` (anyone), `token` (a valid JWT), `iam` (a signed request)."
    )
    visibility: Literal["public", "internal"] = Field(
        default="internal",
        description="`public`: a route of the environment's entry; `internal`: an address of its own, with `iam`.",
    )
    cors: Cors | None = Field(default=None, description="Cross-origin rules; without them no preflight is answered.")
    throttle: Throttle | None = Field(
        default=None, description="Bounds of this route; without them the environment's hold."
    )


class ScheduleEvent(Model):
    """A clock. Short form: the expression alone."""

    expression: Annotated[str, Field(max_length=256), AfterValidator(_check_expression)] = Field(
        description="`rate(<number> <unit>)` or `cron(<six fields>)`.",
        examples=["rate(5 minutes)", "cron(0 6 * * ? *)"],
    )
    timezone: Annotated[
        str, Shape(r"[A-Za-z0-9_+/-]{1,50}", "a time zone's IANA name"), AfterValidator(_check_timezone)
    ] = Field(default="UTC", description="IANA name of the time zone of a cron expression.", examples=["Europe/Berlin"])
    data: dict[str, JsonValue] | None = Field(
        default=None, description="JSON object that the function receives as the event's data."
    )


class BusEvent(Model):
    """CloudEvents that call the function."""

    # Amazon EventBridge, PutEvents: detail-type 128 characters at most, source 256.
    type: Annotated[str, Shape(r"[!-~]{1,128}", "1-128 visible ASCII characters")] = Field(
        description="CloudEvents `type` that must match exactly.", examples=["com.example.order.paid"]
    )
    source: Annotated[str, Shape(r"[!-~]{1,256}", "1-256 visible ASCII characters")] | None = Field(
        default=None, description="CloudEvents `source` that must match exactly; without it any does."
    )
    attributes: Annotated[
        dict[
            Annotated[str, Shape("[a-z0-9]{1,20}", "1-20 lower-case letters and digits")],
            # An empty value means any value to a Trigger of Knative, and an empty one to EventBridge.
            Annotated[str, Field(min_length=1, max_length=256)],
        ],
        AfterValidator(_check_attributes),
    ] = Field(default={}, description="Further CloudEvents attributes that must match exactly.")


class QueueEvent(Model):
    """A queue whose messages call the function. Short form: its name alone."""

    name: Name = Field(description="Name in the environment's catalogue.", examples=["receipts"])
    # AWS Lambda, CreateEventSourceMapping: batch size 1-10,000 (FIFO 10), window 0-300 s and at least 1 above 10.
    batch: Annotated[int, Bounds(1, 10000, "messages")] = Field(
        default=10,
        description="Messages handed over at once, at the most; above 10 needs a `window`, and no FIFO queue.",
    )
    window: Annotated[int, Bounds(0, 300, "seconds")] = Field(
        default=0, description="Seconds to wait for a batch to fill; not for FIFO queues."
    )

    @model_validator(mode="after")
    def _big_batches_wait(self) -> Self:
        if self.batch > SMALL_BATCH and self.window == 0:
            raise mistake("queue-window", f"has batch {self.batch} without a window", "set window to 1 second or more")
        return self


SMALL_BATCH = 10
"""Messages that a queue hands over at once without waiting, and that a FIFO queue hands over at the most."""

KINDS = ("http", "schedule", "event", "queue")
"""Keys of which an event has exactly one."""


class Event(Model):
    """One of the things that call the function; exactly one key."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    http: HttpEvent | None = Field(default=None, description="An HTTP route.")
    schedule: Annotated[ScheduleEvent, short_form("expression", ScheduleEvent)] | None = Field(
        default=None, description="A clock.", examples=["rate(5 minutes)"]
    )
    event: BusEvent | None = Field(default=None, description="CloudEvents from the environment's bus.")
    queue: Annotated[QueueEvent, short_form("name", QueueEvent)] | None = Field(
        default=None, description="A queue.", examples=["receipts"]
    )

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) != 1 and not value.keys() - set(KINDS):
            found = " and ".join(value) or "none"
            raise mistake("one-kind", f"must have exactly one of {', '.join(KINDS)}, found {found}", "split it")
        return value
