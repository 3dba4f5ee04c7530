"""F4: Functions are in a network, in more than one of its subnets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "vpcConfig.subnetIds"
_ZONES = 2


def _check(resource: Resource) -> Verdict:
    found = resource.get(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    listed = found if isinstance(found, list) else []
    known = {one for one in listed if isinstance(one, str) and one}
    later = [one for one in listed if one is UNKNOWN]
    count = len(known) + len(later)
    if count < _ZONES:
        return fail(_PATH, f"{_PATH} must have at least {_ZONES} subnets, found {count}")
    return PASS


RULE = Rule(
    id="F4",
    name="function-network",
    title="Functions are in a network, in more than one of its subnets",
    sources=("CKV_AWS_117", "FSBP Lambda.3", "FSBP Lambda.5"),
    severity="low",
    remedy="set slipway:network of the environment, with subnets of two zones",
    types=(FUNCTION,),
    check=_check,
    level="advisory",
)
