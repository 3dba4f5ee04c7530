"""I1: No policy allows everything on everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.iam import matches
from policies.judge.rule import Rule, Verdict
from policies.rules._iam import IDENTITY_TYPES, allowing, judge_identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judge.iam import Statement
    from policies.judge.values import Resource

_PROBES = ("iam:createuser", "s3:getobject")


def _check(resource: Resource) -> Verdict | None:
    return judge_identity(resource, _mistake)


def _mistake(found: Sequence[Statement]) -> str | None:
    for one in allowing(found):
        every = any(all(matches(action, probe) for probe in _PROBES) for action in one.actions)
        if every and one.on_everything():
            return "a statement must not allow every action on every resource"
    return None


RULE = Rule(
    id="I1",
    name="iam-no-full-access",
    title="No policy allows everything on everything",
    sources=("CKV_AWS_62", "FSBP IAM.1"),
    severity="critical",
    remedy="name the actions and the ARNs that are needed, or give a verb of the catalogue under uses",
    types=IDENTITY_TYPES,
    check=_check,
)
