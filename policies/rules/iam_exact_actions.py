"""I2: Policies name actions without wildcards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict
from policies.rules._iam import IDENTITY_TYPES, allowing, judge_identity, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judge.iam import Statement
    from policies.judge.values import Resource


def _check(resource: Resource) -> Verdict | None:
    return judge_identity(resource, _mistake)


def _mistake(found: Sequence[Statement]) -> str | None:
    wild = {action for one in allowing(found) for action in one.actions if "*" in action or "?" in action}
    return f"actions that are allowed must have no wildcard, found {shown(wild)}" if wild else None


RULE = Rule(
    id="I2",
    name="iam-exact-actions",
    title="Policies name actions without wildcards",
    sources=("CKV_AWS_63", "FSBP IAM.21", "cdk-nag IAM5"),
    severity="high",
    remedy="list the actions one by one",
    types=IDENTITY_TYPES,
    check=_check,
)
