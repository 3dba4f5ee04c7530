"""Q3: Messages that nobody can handle go to a queue of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.links import linked, names
from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN, at, document, items
from policies.rules._queues import QUEUE, REDRIVE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_PATH = "redrivePolicy"
_TARGET = "deadLetterTargetArn"
# Where other things leave what they could not deliver: such a queue is the last stop.
_ENDS = {
    "aws:cloudwatch/eventTarget:EventTarget": "deadLetterConfig.arn",
    "aws:lambda/eventSourceMapping:EventSourceMapping": "destinationConfig.onFailure.destinationArn",
    "aws:lambda/function:Function": "deadLetterConfig.targetArn",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": "destinationConfig.onFailure.destination",
    "aws:scheduler/schedule:Schedule": "target.deadLetterConfig.arn",
}


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    queues = [one for one in resources if one.type == QUEUE]
    policies = [one for one in resources if one.type == REDRIVE]
    for queue in queues:
        yield queue, _judge(queue, policies, resources)


def _judge(queue: Resource, policies: Sequence[Resource], resources: Sequence[Resource]) -> Verdict:
    sure, unsure = linked(policies, "queueUrl", queue)
    holders = [*sure, queue]
    found = next((value for one in holders if (value := one.declared(_PATH)) is not None and value != ""), None)
    if found is not None:
        return _of_policy(found)
    if _is_last(queue, resources):
        return PASS
    if unsure:
        return Verdict("unknown", _PATH, f"which queue {unsure[0].name} is about is known only during the update")
    return fail(_PATH, f"{_PATH} must name a queue for dead letters, found none")


def _of_policy(value: Any) -> Verdict:
    if value is UNKNOWN:
        return unknown(_PATH)
    target = at(document(value), _TARGET)
    if target is UNKNOWN or (isinstance(target, str) and target.startswith("arn:")):
        return PASS
    return fail(_PATH, f"{_PATH} must have the ARN of a queue as {_TARGET}")


def _is_last(queue: Resource, resources: Sequence[Resource]) -> bool:
    """Whether it takes what something else could not handle or deliver."""
    for one in resources:
        for path, value in _ends(one):
            if value is UNKNOWN:
                if queue.urn in one.sources.get(path.partition(".")[0], ()):
                    return True
            elif isinstance(value, str) and names(value, queue):
                return True
    return False


def _ends(one: Resource) -> Iterator[tuple[str, Any]]:
    if path := _ENDS.get(one.type):
        yield path, one.declared(path)
    elif one.type in {QUEUE, REDRIVE}:
        for policy in items(one.declared(_PATH)):
            yield _PATH, policy if policy is UNKNOWN else at(document(policy), _TARGET)


RULE = StackRule(
    id="Q3",
    name="queue-redrive",
    title="Messages that nobody can handle go to a queue of their own",
    sources=("cdk-nag SQS3",),
    severity="medium",
    remedy="set redrivePolicy with deadLetterTargetArn and maxReceiveCount",
    check=_check,
)
