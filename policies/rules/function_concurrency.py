"""F1: Functions have an upper bound of instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "reservedConcurrentExecutions"


def _check(resource: Resource) -> Verdict:
    found = resource.get(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return PASS
    return fail(_PATH, f"{_PATH} must be set, found {found}")


RULE = Rule(
    id="F1",
    name="function-concurrency",
    title="Functions have an upper bound of instances",
    sources=("CKV_AWS_115",),
    severity="medium",
    remedy="set scale.max of the function, which becomes reservedConcurrentExecutions",
    types=(FUNCTION,),
    check=_check,
    level="advisory",
)
