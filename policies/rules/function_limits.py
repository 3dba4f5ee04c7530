"""F13: Timeout and memory of functions are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION, said

if TYPE_CHECKING:
    from policies.judge.values import Resource


def _check(resource: Resource) -> Verdict:
    for key in ("timeout", "memorySize"):
        found = said(resource, key)
        if found is UNKNOWN:
            return unknown(key)
        if found is None:
            return fail(key, f"{key} must be set, found none")
    return PASS


RULE = Rule(
    id="F13",
    name="function-limits",
    title="Timeout and memory of functions are chosen",
    sources=("cdk-nag LambdaDefaultTimeout", "cdk-nag LambdaDefaultMemorySize"),
    severity="low",
    remedy="set timeout and memorySize",
    types=(FUNCTION,),
    check=_check,
)
