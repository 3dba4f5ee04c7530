"""I6: Policies are our own: those that AWS manages allow more than any one function needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown, worst
from policies.judge.values import UNKNOWN, items
from policies.rules._iam import ATTACHMENTS, ROLE

if TYPE_CHECKING:
    from policies.judge.values import Resource

_OWN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:policy/.+", re.DOTALL)


def _check(resource: Resource) -> Verdict | None:
    path = ATTACHMENTS[resource.type]
    found = resource.get(path)
    if found is UNKNOWN:
        return unknown(path)
    verdicts = [_judge(path, one) for one in items(found)]
    if not verdicts and resource.type != ROLE:
        return PASS
    return worst(verdicts) if verdicts else None


def _judge(path: str, arn: object) -> Verdict:
    if arn is UNKNOWN:
        return unknown(path)
    if isinstance(arn, str) and _OWN.fullmatch(arn.strip()):
        return PASS
    return fail(path, f"{path} must name policies of an account, found {arn}")


RULE = Rule(
    id="I6",
    name="iam-no-aws-managed-policies",
    title="No policy that AWS manages is attached",
    sources=("CKV_AWS_274", "CKV2_AWS_56", "cdk-nag IAM4"),
    severity="high",
    remedy="write a policy with the actions and ARNs that are needed, or name them under uses",
    types=tuple(ATTACHMENTS),
    check=_check,
)
