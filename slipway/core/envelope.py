"""The model of what arrives in a log sink: one record, the same from both targets."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from slipway.core.fields import LogLevel, Target

_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3,9}Z$"
_NAME = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class ErrorPart(_Part):
    """What went wrong, if the record tells of an error."""

    type: str | None = Field(default=None, description="Class of the error.", examples=["ValueError"])
    message: str | None = Field(default=None, description="Its words.")
    stack: str | None = Field(default=None, description="Its traceback, with line ends inside.")


class Envelope(_Part):
    """One record of a log, as it stands in every sink: one JSON object, on a line of its own where there are lines."""

    model_config = ConfigDict(title="A log record in a sink of Slipway")

    timestamp: Annotated[str, Field(pattern=_TIME)] = Field(
        description="When it was written: RFC 3339 in UTC with 3 to 9 digits of a second.",
        examples=["2026-11-26T10:52:03.123456789Z"],
    )
    severity: LogLevel = Field(description="How much it matters; plain text that does not say it is INFO.")
    message: str = Field(description="Its text, without a line end at its end.")
    fields: dict[str, JsonValue] | None = Field(
        default=None, description="What the function logged beside its message.", examples=[{"order": "A-17"}]
    )
    error: ErrorPart | None = Field(default=None, description="What went wrong, if the record tells of an error.")
    function: _NAME = Field(description="Name of the function.", examples=["orders"])
    environment: _NAME = Field(description="Name of the environment.", examples=["prod"])
    target: Target = Field(description="Where it ran.")
    revision: str | None = Field(
        default=None, description="Version that ran: its number on Lambda, its name on Knative.", examples=["42"]
    )
    owner: str | None = Field(default=None, description="Team that answers for the function.")
    commit: str | None = Field(default=None, description="Commit that last changed its code.")
    source: Literal["function", "platform", "request", "event"] = Field(
        description="Who wrote it: the function; Lambda or Knative (`platform`); Knative's request log (`request`); "
        "Kubernetes about the function's objects (`event`)."
    )
    request_id: str | None = Field(default=None, description="Id of the request or event that was served.")
    trace_id: str | None = Field(default=None, description="Trace that it belongs to (W3C, or X-Ray on Lambda).")
    span_id: str | None = Field(default=None, description="Span of that trace.")
    id: _NAME = Field(description="The same for a record that arrives twice, different for two records.")
    cut: Literal[True] | None = Field(
        default=None, description="The platform or a limit cut the record; left out where it is whole."
    )
