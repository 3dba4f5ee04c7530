"""Q1: Queues are encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._queues import QUEUE

if TYPE_CHECKING:
    from policies.judge.values import Resource

_KEY, _MANAGED = "kmsMasterKeyId", "sqsManagedSseEnabled"


def _check(resource: Resource) -> Verdict:
    managed = resource.get(_MANAGED)
    if is_set(resource.get(_KEY)) or managed is True:
        return PASS
    return unknown(_MANAGED) if managed is UNKNOWN else fail(_KEY, f"{_KEY} or {_MANAGED} must be set, found none")


RULE = Rule(
    id="Q1",
    name="queue-encrypted",
    title="Queues are encrypted",
    sources=("CKV_AWS_27", "CKV2_AWS_73", "FSBP SQS.1"),
    severity="medium",
    remedy=f"set {_KEY} to the environment's key",
    types=(QUEUE,),
    check=_check,
)
