"""L1: Log groups keep events for a time that somebody chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import LOG_GROUP

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "retentionInDays"


def _check(resource: Resource) -> Verdict:
    if resource.get("logGroupClass") == "DELIVERY":
        return PASS  # AWS sets two days, and nobody can change that
    found = resource.get(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    if isinstance(found, int) and not isinstance(found, bool) and found > 0:
        return PASS
    return fail(_PATH, f"{_PATH} must be a number of days, found {found}, with which events stay for ever")


RULE = Rule(
    id="L1",
    name="log-group-retention",
    title="Log groups keep events for a time that somebody chose",
    sources=("CKV_AWS_66", "cdk-nag CloudWatchLogGroupRetentionPeriod"),
    severity="medium",
    remedy="set retentionInDays, for functions by slipway:logs of the environment",
    types=(LOG_GROUP,),
    check=_check,
)
