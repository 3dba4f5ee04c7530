"""I4: Nobody can give themselves more than they have, or pass any role to a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict
from policies.rules._iam import ESCALATING, IDENTITY_TYPES, among, judge_identity, shown, wide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judge.iam import Statement
    from policies.judge.values import Resource


def _check(resource: Resource) -> Verdict | None:
    return judge_identity(resource, _mistake)


def _mistake(found: Sequence[Statement]) -> str | None:
    if reached := among(wide(found), ESCALATING):
        return f"a policy must not allow {shown(reached)} on all resources, by which one gets more rights"
    return None


RULE = Rule(
    id="I4",
    name="iam-no-escalation",
    title="Nobody can give themselves more rights, or pass any role to a service",
    sources=("CKV_AWS_286", "CKV_AWS_110", "aws-guard-rules-registry passrole"),
    severity="critical",
    remedy="name the roles, users, policies or functions that it is about, and ask for a permissions boundary",
    types=IDENTITY_TYPES,
    check=_check,
)
