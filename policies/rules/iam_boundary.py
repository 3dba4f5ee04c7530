"""I10: Every role has a permissions boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._iam import ROLE

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "permissionsBoundary"
_SERVICE_LINKED = "/aws-service-role/"


def _check(resource: Resource) -> Verdict | None:
    if is_set(resource.get(_PATH)):
        return PASS
    path = resource.get("path")
    if path is UNKNOWN:
        return unknown("path")
    if path == _SERVICE_LINKED:
        return None
    return fail(_PATH, f"{_PATH} must name a policy, found none")


RULE = Rule(
    id="I10",
    name="iam-boundary",
    title="Every role has a permissions boundary",
    sources=(),
    severity="high",
    remedy="set permissionsBoundary to the environment's boundary",
    types=(ROLE,),
    check=_check,
)
