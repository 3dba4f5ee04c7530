"""Alarms: what owners and operators want to hear of before their users do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_aws import cloudwatch

from components.aws_lambda.live import Live
from components.aws_lambda.site import Site
from components.base import Component
from components.function.args import FunctionArgs

_PERIOD_S = 300
_NEAR_TIMEOUT = 0.9


def make_alarms(owner: Component, live: Live, args: FunctionArgs, site: Site) -> None:
    """Create the alarms of a function: errors, throttles, failed events, and runs that come near the timeout."""
    function = {"FunctionName": live.name, "Resource": f"{live.name}:{live.arn.rsplit(':', 1)[-1]}"}
    queue = {"QueueName": live.dlq_name}
    near = args.timeout_s * 1000 * _NEAR_TIMEOUT
    for part, text, properties in (
        ("errors", "invocations fail", metric("AWS/Lambda", "Errors", "Sum", 0, function)),
        ("throttles", "invocations are throttled", metric("AWS/Lambda", "Throttles", "Sum", 0, function)),
        ("duration", "runs come near the timeout", metric("AWS/Lambda", "Duration", "Maximum", near, function)),
        (
            "failures",
            "events failed or could not be delivered",
            metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0, queue),
        ),
    ):
        make_alarm(owner, site, part, f"{live.name}: {text}", properties)


def make_alarm(
    owner: Component, site: Site, part: str, text: str, properties: Mapping[str, Any], *, name: str | None = None
) -> None:
    """Create an alarm that goes off when a metric is above its threshold for five minutes.

    Args:
        owner: The component that it belongs to.
        site: Where it lies.
        part: What it is to the component, after `alarm-`.
        text: What it means.
        properties: From `metric`.
        name: What it watches, in its physical name; None takes that of the component.
    """
    physical = site.names.physical("alarm", name or owner.name_of_component, part)
    owner.child(
        f"alarm-{part}",
        cloudwatch.MetricAlarm,
        {
            "name": site.names.take("alarm", physical, owner.label),
            "alarm_description": text,
            "comparison_operator": "GreaterThanThreshold",
            "evaluation_periods": 1,
            "period": _PERIOD_S,
            "treat_missing_data": "notBreaching",
            "alarm_actions": [site.args.alarm_topic] if site.args.alarm_topic else None,
            **properties,
        },
    )


def metric(
    namespace: str, name: str, statistic: str, threshold: float, dimensions: Mapping[str, str]
) -> Mapping[str, Any]:
    """The properties of an alarm that say what is measured, and from where on it is too much."""
    return {
        "namespace": namespace,
        "metric_name": name,
        "statistic": statistic,
        "threshold": threshold,
        "dimensions": dict(dimensions),
    }
