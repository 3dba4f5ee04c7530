"""F15: Records of a stream that a function failed on go somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import MAPPING

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "destinationConfig.onFailure.destinationArn"
_QUEUES = ("sqs", "mq")  # their own dead letters are what they have instead
_ARN_SERVICE = 2


def _check(resource: Resource) -> Verdict | None:
    found = resource.get(_PATH)
    if is_set(found) and resource.get("destinationConfig") is not UNKNOWN:
        return PASS
    if not _takes_a_stream(resource):
        return None
    if found is UNKNOWN:
        return unknown("destinationConfig")
    return fail(_PATH, f"{_PATH} must be set, found none")


def _takes_a_stream(mapping: Resource) -> bool:
    """Whether its source is a stream: those have a position to start from, which queues have not."""
    source = mapping.get("eventSourceArn")
    if isinstance(source, str) and source.startswith("arn:"):
        return source.split(":")[_ARN_SERVICE] not in _QUEUES
    return mapping.get("startingPosition") is not None or mapping.get("selfManagedEventSource") is not None


RULE = Rule(
    id="F15",
    name="stream-failure-target",
    title="Records of a stream that a function failed on go somewhere",
    sources=("cdk-nag LambdaEventSourceMappingDestination",),
    severity="medium",
    remedy="set destinationConfig.onFailure.destinationArn",
    types=(MAPPING,),
    check=_check,
)
