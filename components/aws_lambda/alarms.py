"""Alarms of a function: what its owners want to hear of before their users do."""

from __future__ import annotations

from typing import Any

from pulumi_aws import cloudwatch

from components.aws_lambda.environment import LambdaEnvironment
from components.aws_lambda.live import Live
from components.base import Component
from components.function.args import FunctionArgs

_PERIOD_S = 300
_NEAR_TIMEOUT = 0.9


def make_alarms(owner: Component, live: Live, args: FunctionArgs, environment: LambdaEnvironment) -> None:
    """Create the alarms: errors, throttles, failed events, and runs that come near the timeout."""
    function = {"FunctionName": live.name, "Resource": f"{live.name}:{live.arn.rsplit(':', 1)[-1]}"}
    queue = {"QueueName": live.dlq_name}
    near = args.timeout_s * 1000 * _NEAR_TIMEOUT
    for part, text, properties in (
        ("errors", "invocations fail", _metric("AWS/Lambda", "Errors", "Sum", 0, function)),
        ("throttles", "invocations are throttled", _metric("AWS/Lambda", "Throttles", "Sum", 0, function)),
        ("duration", "runs come near the timeout", _metric("AWS/Lambda", "Duration", "Maximum", near, function)),
        (
            "failures",
            "events failed or could not be delivered",
            _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0, queue),
        ),
    ):
        name = environment.names.physical("alarm", owner.name_of_component, part)
        owner.child(
            f"alarm-{part}",
            cloudwatch.MetricAlarm,
            {
                "name": environment.names.take("alarm", name, owner.label),
                "alarm_description": f"{live.name}: {text}",
                "comparison_operator": "GreaterThanThreshold",
                "evaluation_periods": 1,
                "period": _PERIOD_S,
                "treat_missing_data": "notBreaching",
                "alarm_actions": [environment.args.alarm_topic] if environment.args.alarm_topic else None,
                **properties,
            },
        )


def _metric(namespace: str, name: str, statistic: str, threshold: float, dimensions: dict[str, str]) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "metric_name": name,
        "statistic": statistic,
        "threshold": threshold,
        "dimensions": dimensions,
    }
