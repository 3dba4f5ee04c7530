"""F3: Functions are traced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "tracingConfig.mode"


def _check(resource: Resource) -> Verdict:
    found = resource.get(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    return PASS if found == "Active" else fail(_PATH, f"{_PATH} must be Active, found {found}")


RULE = Rule(
    id="F3",
    name="function-tracing",
    title="Functions are traced",
    sources=("CKV_AWS_50", "Trivy AVD-AWS-0066"),
    severity="low",
    remedy="set tracingConfig.mode to Active",
    types=(FUNCTION,),
    check=_check,
)
