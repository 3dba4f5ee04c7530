"""Subscriptions of a function to CloudEvents on the environment's bus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_aws import cloudwatch, lambda_

from components.aws_lambda.environment import LambdaEnvironment
from components.aws_lambda.live import Live
from components.aws_lambda.policies import Statement, allow
from components.base import Component
from components.canonical import compact
from components.function.args import BusEvent, FunctionArgs
from components.names import part_of

ATTRIBUTES = "_attributes"  # where a detail carries CloudEvents attributes that EventBridge has no field for
_AGE_S = 24 * 3600
_RETRIES = 185  # EventBridge's own maximum; the age ends it first


def pattern_of(event: BusEvent) -> str:
    """The EventBridge pattern: `type` is the detail type, `source` the source, the rest lies in the detail."""
    pattern: dict[str, Any] = {"detail-type": [event.type]}
    if event.source is not None:
        pattern["source"] = [event.source]
    if event.attributes:
        pattern["detail"] = {ATTRIBUTES: {name: [value] for name, value in event.attributes.items()}}
    return compact(pattern)


def rule_name(name: str, event: BusEvent, environment: LambdaEnvironment) -> str:
    """Physical name of the rule for one subscription of a function."""
    return environment.names.physical("event-rule", name, part_of("on", "", *_identity(event)))


def undelivered_events(
    name: str, events: Sequence[BusEvent], queue_arn: str, environment: LambdaEnvironment
) -> Statement:
    """Permits the rules of one function, and no others, to leave in its queue what they could not deliver.

    Args:
        name: Name of the function.
        events: Its subscriptions.
        queue_arn: Its queue.
        environment: The environment.
    """
    rules = [environment.arns.event_rule(environment.bus_name, rule_name(name, event, environment)) for event in events]
    return allow(
        ["sqs:SendMessage"],
        [queue_arn],
        principal={"Service": "events.amazonaws.com"},
        conditions={"ArnEquals": {"aws:SourceArn": sorted(rules)}},
        sid="UndeliveredEvents",
    )


def make_subscriptions(owner: Component, live: Live, args: FunctionArgs, environment: LambdaEnvironment) -> None:
    """Create a rule, its target and the permission for each subscription; the undeliverable goes to the queue."""
    for event in args.events:
        identity = _identity(event)
        part = part_of("rule", event.type, *identity)
        name = rule_name(owner.name_of_component, event, environment)
        rule = owner.child(
            part,
            cloudwatch.EventRule,
            {
                "name": environment.names.take("event-rule", name, owner.label),
                "event_bus_name": environment.bus.name,
                "event_pattern": pattern_of(event),
                "description": f"{event.type} to {live.name}",
            },
        )
        permission = owner.child(
            part_of("rule-permission", event.type, *identity),
            lambda_.Permission,
            {
                "statement_id": part,
                "action": "lambda:InvokeFunction",
                "function": live.function.name,
                "qualifier": live.alias.name,
                "principal": "events.amazonaws.com",
                "source_arn": environment.arns.event_rule(environment.bus_name, name),
            },
            delete_before_replace=True,  # a policy takes each statement id once
        )
        owner.child(
            part_of("rule-target", event.type, *identity),
            cloudwatch.EventTarget,
            {
                "rule": rule.name,
                "event_bus_name": environment.bus.name,
                "target_id": "function",
                "arn": live.arn,
                "retry_policy": {"maximum_event_age_in_seconds": _AGE_S, "maximum_retry_attempts": _RETRIES},
                "dead_letter_config": {"arn": live.dlq_arn},
            },
            depends_on=[permission, live.dlq],
        )


def _identity(event: BusEvent) -> tuple[Any, ...]:
    return (event.type, event.source, dict(event.attributes))
