"""The section of an environment's settings that says how strictly its policy pack judges, and what it excuses."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from slipway.core.fields import Model, Owner, Shape, mistake

RuleId = Annotated[
    str, Shape("[A-Z][0-9]{1,2}", "the id of a rule, such as F9", "docs/policies.md lists all rules with their ids")
]
"""Id of a control, which one or several rules of the pack check."""

Level = Literal["mandatory", "advisory", "disabled"]
"""What a broken rule does: ends the run, is said, or neither."""


def _check_day(text: str) -> str:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        raise mistake("no-such-day", f"must be a day of the calendar, found {text}") from None
    return text


class Waiver(Model):
    """Leave to break one rule, for some resources, for some time."""

    rule: RuleId = Field(description="Rule that may be broken.", examples=["F9"])
    resource: Annotated[str, Shape(r"[!-~](?:[ -~]{0,298}[!-~])?", "a pattern of 1-300 printable characters")] = Field(
        description="Resources that may break it: a pattern with `*` and `?` of their names in the program, their "
        "names outside it, or their URNs.",
        examples=["orders-*"],
    )
    reason: Annotated[str, Field(min_length=10, max_length=500)] = Field(
        description="Why, for whoever reads the report.", examples=["old clients cannot sign before the new gateway"]
    )
    owner: Owner = Field(description="Who answers for it.", examples=["team-payments"])
    expires: Annotated[
        str, Shape("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day such as 2027-01-31"), AfterValidator(_check_day)
    ] = Field(description="Last day on which it holds, in UTC.", examples=["2027-01-31"])


class Policy(Model):
    """How strictly the policy pack judges this environment."""

    unknown: Literal["fail", "report"] | None = Field(
        default=None,
        description="What a mandatory rule does about a value that only the update will tell; without it, `fail` "
        "where `slipway:protect` is true, else `report`.",
    )
    rules: dict[RuleId, Level] = Field(
        default={},
        description="Levels of single rules; the others keep those of docs/policies.md.",
        examples=[{"F1": "mandatory", "K10": "disabled"}],
    )
    waivers: Annotated[list[Waiver], Field(max_length=200)] = Field(
        default=[], description="What may break a rule for a while; expired, or excusing nothing, a waiver fails."
    )
