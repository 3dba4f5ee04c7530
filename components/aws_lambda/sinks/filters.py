"""Subscription filters: what makes a log group forward its events to a sink."""

from __future__ import annotations

import pulumi
from pulumi_aws import cloudwatch

from components.aws_lambda.environment import LambdaEnvironment
from components.base import Component
from components.function.args import FunctionArgs


def make_filters(
    owner: Component, group: cloudwatch.LogGroup, args: FunctionArgs, environment: LambdaEnvironment
) -> list[pulumi.Resource]:
    """Create a filter of a function's log group for each of its sinks; it forwards everything, the shipper chooses."""
    return [
        owner.child(
            f"sink-{name}",
            cloudwatch.LogSubscriptionFilter,
            {
                "name": environment.names.physical("log-filter", name),
                "log_group": group.name,
                "filter_pattern": "",
                "destination_arn": environment.sinks[name].target_arn,
                "role_arn": environment.sinks[name].filter_role_arn,
            },
            depends_on=environment.sinks[name].ready,
            delete_before_replace=True,  # a log group takes only two at once
        )
        for name in args.sinks
    ]
