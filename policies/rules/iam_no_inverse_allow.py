"""I8: What is allowed is named, and not what is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict
from policies.rules._iam import IDENTITY_TYPES, allowing, judge_identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judge.iam import Statement
    from policies.judge.values import Resource


def _check(resource: Resource) -> Verdict | None:
    return judge_identity(resource, _mistake)


def _mistake(found: Sequence[Statement]) -> str | None:
    for one in allowing(found):
        if one.not_actions:
            return "a statement that allows must have Action, found NotAction"
        if one.not_resources:
            return "a statement that allows must have Resource, found NotResource"
    return None


RULE = Rule(
    id="I8",
    name="iam-no-inverse-allow",
    title="What is allowed is named, and not what is left over",
    sources=("aws-guard-rules-registry",),
    severity="high",
    remedy="name what is allowed by Action and Resource",
    types=IDENTITY_TYPES,
    check=_check,
)
