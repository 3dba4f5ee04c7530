"""Q3: Queues are reached through TLS alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import linked
from policies.judge.rule import StackRule, Verdict
from policies.rules._queues import QUEUE, QUEUE_POLICY
from policies.rules._transport import only_tls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_PATH = "policy"


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    policies = [one for one in resources if one.type == QUEUE_POLICY]
    for queue in resources:
        if queue.type == QUEUE:
            yield queue, _judge(queue, policies)


def _judge(queue: Resource, policies: Sequence[Resource]) -> Verdict:
    sure, unsure = linked(policies, "queueUrl", queue)
    value = sure[0].declared(_PATH) if sure else queue.declared(_PATH)
    verdict = only_tls(_PATH, None if value == "" else value, "sqs:sendmessage", _arns(queue))
    if verdict.outcome == "fail" and not sure and unsure:
        return Verdict("unknown", _PATH, f"which queue {unsure[0].name} is about is known only during the update")
    return verdict


def _arns(queue: Resource) -> list[str]:
    """Its ARN, where it is known already."""
    arn = queue.get("arn")
    return [arn] if isinstance(arn, str) else []


RULE = StackRule(
    id="Q3",
    name="queue-only-tls",
    title="Queues are reached through TLS alone",
    sources=("cdk-nag SQS4",),
    severity="medium",
    remedy="deny sqs:* on the queue where aws:SecureTransport is false",
    check=_check,
)
