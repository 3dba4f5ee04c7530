"""F12: A service may call a function for one of our own resources alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import PERMISSION

if TYPE_CHECKING:
    from policies.judge.values import Resource

_ARN, _ACCOUNT = "sourceArn", "sourceAccount"
_SERVICES = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")


def _check(resource: Resource) -> Verdict | None:
    principal = resource.get("principal")
    if principal is UNKNOWN:
        return unknown("principal")
    if not isinstance(principal, str) or not principal.strip().endswith(_SERVICES):
        return None
    if _narrow(resource.get(_ACCOUNT)):
        return PASS
    if principal.strip().startswith("s3."):
        return fail(
            _ACCOUNT, f"{_ACCOUNT} must be set, because names of buckets do not tell whose they are, found none"
        )
    # A token is what a skill of Alexa is known by; it has no ARN.
    if _narrow(resource.get(_ARN)) or is_set(resource.get("eventSourceToken")):
        return PASS
    return fail(_ARN, f"{_ARN} or {_ACCOUNT} must be set for {principal}, found {resource.get(_ARN)}")


def _narrow(value: object) -> bool:
    """Whether it is set, and says more than that there is some source."""
    return value is UNKNOWN or (
        isinstance(value, str) and bool(value.strip("*?: ").removeprefix("arn:aws").strip("*?: "))
    )


RULE = Rule(
    id="F12",
    name="function-permission-source",
    title="A service may call a function for one of our own resources alone",
    sources=("CKV_AWS_364", "FSBP Lambda.1", "Trivy AVD-AWS-0067"),
    severity="high",
    remedy="set sourceArn, and sourceAccount for S3",
    types=(PERMISSION,),
    check=_check,
)
