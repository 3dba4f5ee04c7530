"""Schedules of a function."""

from __future__ import annotations

from pulumi_aws import iam, scheduler

from components.aws_lambda.environment import LambdaEnvironment
from components.aws_lambda.grants import key_statement
from components.aws_lambda.live import Live
from components.aws_lambda.policies import allow, document, trust
from components.base import Component
from components.canonical import compact
from components.function.args import FunctionArgs, ScheduleEvent
from components.function.schedules import identity_of, schedule_name
from components.names import part_of

_AGE_S = 3600  # a run that is an hour late is given up: the next one is due or the report is stale
_RETRIES = 10


def input_of(name: str, event: ScheduleEvent) -> str:
    """What the function receives; Scheduler replaces the parts in angle brackets. See docs/events.md."""
    return compact(
        {
            "slipway": "schedule",
            "id": "<aws.scheduler.execution-id>",
            "time": "<aws.scheduler.scheduled-time>",
            "schedule": name,
            "data": dict(event.data or {}),
        }
    )


def make_schedules(owner: Component, live: Live, args: FunctionArgs, environment: LambdaEnvironment) -> None:
    """Create the schedules and the one role by which Scheduler calls this function, and nothing else."""
    if not args.schedules:
        return
    role, policy = _make_role(owner, live, environment)
    for event in args.schedules:
        part = part_of("schedule", event.expression, *identity_of(event))
        physical = schedule_name(environment.names, owner.name_of_component, event)
        name = environment.names.take("schedule", physical, owner.label)
        owner.child(
            part,
            scheduler.Schedule,
            {
                "name": name,
                "group_name": environment.schedules.name,
                "description": f"{event.expression} to {live.name}",
                "schedule_expression": event.expression,
                "schedule_expression_timezone": event.timezone,
                "flexible_time_window": {"mode": "OFF"},
                "target": {
                    "arn": live.arn,
                    "role_arn": role.arn,
                    "input": input_of(name, event),
                    "retry_policy": {"maximum_event_age_in_seconds": _AGE_S, "maximum_retry_attempts": _RETRIES},
                    "dead_letter_config": {"arn": live.dlq_arn},
                },
            },
            depends_on=[live.alias, live.dlq, policy],
        )


def _make_role(owner: Component, live: Live, environment: LambdaEnvironment) -> tuple[iam.Role, iam.RolePolicy]:
    names, arns = environment.names, environment.arns
    name = names.take(
        "role", names.physical("role", owner.name_of_component, "schedules"), f"schedules of {owner.label}"
    )
    role = owner.child(
        "scheduler-role",
        iam.Role,
        {
            "name": name,
            "assume_role_policy": trust(
                "scheduler.amazonaws.com",
                source_account=arns.account,
                source_arn=arns.schedule_group(names.physical("schedule-group")),
            ),
            "permissions_boundary": environment.boundary_arn,
        },
    )
    invoke = allow(["lambda:InvokeFunction"], [live.arn], sid="Function")
    undelivered = allow(["sqs:SendMessage"], [live.dlq_arn], sid="UndeliveredEvents")
    policy = owner.child(
        "scheduler-role-policy",
        iam.RolePolicy,
        {
            "name": "schedules",
            "role": role.name,
            "policy": environment.key_arn.apply(
                lambda key: document(
                    invoke,
                    undelivered,
                    key_statement(arns, key, "queue", ["kms:Decrypt", "kms:GenerateDataKey"]),
                )
            ),
        },
    )
    return role, policy
