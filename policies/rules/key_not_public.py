"""E1: Keys are not open to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict
from policies.rules._public import judge_public

if TYPE_CHECKING:
    from policies.judge.values import Resource


def _check(resource: Resource) -> Verdict | None:
    return judge_public("policy", resource.get("policy"))


RULE = Rule(
    id="E1",
    name="key-not-public",
    title="Keys are not open to everybody",
    sources=("CKV_AWS_33", "FSBP KMS.5"),
    severity="critical",
    remedy="name the account or the services, with a condition on the source for services",
    types=(
        "aws:kms/key:Key",
        "aws:kms/keyPolicy:KeyPolicy",
        "aws:kms/replicaKey:ReplicaKey",
        "aws:kms/externalKey:ExternalKey",
        "aws:kms/replicaExternalKey:ReplicaExternalKey",
    ),
    check=_check,
)
