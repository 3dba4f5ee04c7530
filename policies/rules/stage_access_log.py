"""G1: Calls of HTTP APIs are logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN

if TYPE_CHECKING:
    from policies.judge.values import Resource

_WHOLE = "accessLogSettings"
_PATH = f"{_WHOLE}.destinationArn"


def _check(resource: Resource) -> Verdict:
    if resource.get(_WHOLE) is UNKNOWN:
        return unknown(_WHOLE)
    return PASS if is_set(resource.get(_PATH)) else fail(_PATH, f"{_PATH} must be set, found none")


RULE = Rule(
    id="G1",
    name="stage-access-log",
    title="Calls of HTTP APIs are logged",
    sources=("CKV_AWS_76", "FSBP APIGateway.9"),
    severity="medium",
    remedy="set accessLogSettings to a log group",
    types=("aws:apigatewayv2/stage:Stage", "aws:apigateway/stage:Stage"),
    check=_check,
)
