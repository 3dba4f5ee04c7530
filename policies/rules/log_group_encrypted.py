"""L3: Log groups are encrypted with a key of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, Rule, Verdict, fail
from policies.rules._functions import LOG_GROUP

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "kmsKeyId"


def _check(resource: Resource) -> Verdict:
    return PASS if is_set(resource.get(_PATH)) else fail(_PATH, f"{_PATH} must be set, found none")


RULE = Rule(
    id="L3",
    name="log-group-encrypted",
    title="Log groups are encrypted with a key of one's own",
    sources=("CKV_AWS_158", "Trivy AVD-AWS-0017"),
    severity="medium",
    remedy="set kmsKeyId to the environment's key",
    types=(LOG_GROUP,),
    check=_check,
)
