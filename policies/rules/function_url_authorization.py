"""F9: Function URLs ask for a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN

if TYPE_CHECKING:
    from policies.judge.values import Resource


def _check(resource: Resource) -> Verdict:
    found = resource.get("authorizationType")
    if found is UNKNOWN:
        return unknown("authorizationType")
    if found == "AWS_IAM":
        return PASS
    return fail("authorizationType", f"authorizationType must be AWS_IAM, found {found}")


RULE = Rule(
    id="F9",
    name="function-url-authorization",
    title="Function URLs ask for a signature",
    sources=("CKV_AWS_258",),
    severity="critical",
    remedy="set authorizationType to AWS_IAM, or publish the function by a route with auth: token",
    types=("aws:lambda/functionUrl:FunctionUrl",),
    check=_check,
)
