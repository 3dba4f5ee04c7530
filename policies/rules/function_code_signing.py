"""F8: Code of functions is signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION, is_image

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "codeSigningConfigArn"


def _check(resource: Resource) -> Verdict | None:
    if is_set(resource.get(_PATH)):
        return PASS
    if resource.get("packageType") is UNKNOWN:
        return unknown("packageType")
    if is_image(resource):
        return None
    return fail(_PATH, f"{_PATH} must be set, found none")


RULE = Rule(
    id="F8",
    name="function-code-signing",
    title="Code of functions is signed",
    sources=("CKV_AWS_272",),
    severity="medium",
    remedy="set slipway:codeSigning of the environment",
    types=(FUNCTION,),
    check=_check,
    level="advisory",
)
