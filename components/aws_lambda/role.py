"""The role of a function: its own, with exact actions, below the environment's boundary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_aws import iam

from components.aws_lambda.environment import LambdaEnvironment
from components.aws_lambda.grants import Resource, key_statement, key_uses, statements
from components.aws_lambda.network import network, network_is_lambdas
from components.aws_lambda.policies import Statement, allow, document, trust
from components.base import Component
from components.function.args import FunctionArgs
from components.security.uses import uses_of


def verbs_of(args: FunctionArgs, catalogue: Mapping[tuple[str, str], Resource]) -> list[tuple[Resource, Sequence[str]]]:
    """Everything that a function needs of the catalogue, with the verbs."""
    return [(catalogue[key], verbs) for key, verbs in uses_of(args).items()]


def role_document(
    environment: LambdaEnvironment,
    function_arn: str,
    log_arn: str,
    dlq_arn: str,
    uses: Sequence[tuple[Resource, Sequence[str]]],
) -> pulumi.Output[str]:
    """The policy of a function's role.

    Args:
        environment: The environment.
        function_arn: ARN of the function, without a qualifier.
        log_arn: ARN of its log group.
        dlq_arn: ARN of the queue for events that it failed on.
        uses: Resources with the verbs it may use on them.

    Returns:
        JSON; unknown in a preview only while a key that it names does not exist.
    """
    plain = [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_arn}:log-stream:*"], sid="Logs"),
        allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"], sid="Traces"),
        allow(["sqs:SendMessage"], [dlq_arn], sid="FailedEvents"),
    ]
    if environment.args.subnets:
        plain.extend([*network(environment.arns), network_is_lambdas(function_arn)])
    for resource, verbs in uses:
        plain.extend(statements(resource, verbs))
    needs = [(resource.kind, key_uses(resource, verbs)) for resource, verbs in uses]
    arns = [resource.key_arn if actions else None for (resource, _), (_, actions) in zip(uses, needs, strict=True)]

    def render(known: Sequence[Any]) -> str:
        own, *others = known
        keys: dict[tuple[str, str], set[str]] = {(own, "queue"): {"kms:Decrypt", "kms:GenerateDataKey"}}
        for arn, (kind, actions) in zip(others, needs, strict=True):
            if arn is not None:
                keys.setdefault((arn, kind), set()).update(actions)
        key_statements: list[Statement] = [
            allow(
                ["kms:Decrypt"],
                [own],
                conditions={"StringEquals": {"kms:ViaService": environment.arns.via("lambda")}},
                sid="Variables",
            )
        ]
        key_statements += [
            key_statement(environment.arns, arn, kind, sorted(actions)) for (arn, kind), actions in sorted(keys.items())
        ]
        return document(*plain, *key_statements)

    return pulumi.Output.all(environment.key_arn, *arns).apply(render)


class Role:
    """A role with its one inline policy.

    Attributes:
        role: The role.
        policy: Its policy, which must exist before the function does.
    """

    def __init__(self, owner: Component, environment: LambdaEnvironment, policy: pulumi.Input[str], name: str) -> None:
        self.role = owner.child(
            "role",
            iam.Role,
            {
                "name": name,
                "assume_role_policy": trust("lambda.amazonaws.com"),
                "permissions_boundary": environment.boundary_arn,
            },
        )
        self.policy = owner.child(
            "role-policy", iam.RolePolicy, {"name": "function", "role": self.role.name, "policy": policy}
        )
