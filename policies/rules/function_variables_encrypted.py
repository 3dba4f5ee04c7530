"""F5: Variables of functions are encrypted with a key of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN, at
from policies.rules._functions import FUNCTION

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "kmsKeyArn"


def _check(resource: Resource) -> Verdict | None:
    environment = resource.get("environment")
    variables = at(environment, "variables")
    if is_set(resource.get(_PATH)):
        return PASS
    if variables is UNKNOWN:
        return unknown("environment")
    if not variables:
        return None
    return fail(_PATH, f"{_PATH} must be set where there are variables, found none")


RULE = Rule(
    id="F5",
    name="function-variables-encrypted",
    title="Variables of functions are encrypted with a key of one's own",
    sources=("CKV_AWS_173",),
    severity="medium",
    remedy="set kmsKeyArn to the environment's key",
    types=(FUNCTION,),
    check=_check,
)
