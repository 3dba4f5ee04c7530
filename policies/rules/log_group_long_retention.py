"""L2: Log groups keep events for a year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import LOG_GROUP

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "retentionInDays"
_YEAR = 365


def _check(resource: Resource) -> Verdict:
    found = resource.get(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    if found is None or (isinstance(found, int) and (found == 0 or found >= _YEAR)):
        return PASS  # without it they stay for ever, which is another rule's matter
    return fail(_PATH, f"{_PATH} must be at least {_YEAR}, found {found}")


RULE = Rule(
    id="L2",
    name="log-group-long-retention",
    title="Log groups keep events for a year",
    sources=("CKV_AWS_338", "cw-loggroup-retention-period-check"),
    severity="low",
    remedy="raise retentionInDays, for functions by slipway:logs of the environment, or keep logs in a sink",
    types=(LOG_GROUP,),
    check=_check,
    level="advisory",
)
