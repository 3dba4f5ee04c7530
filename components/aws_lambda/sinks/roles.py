"""Roles of a log sink: one by which log groups forward, one by which the stream delivers, one of the shipper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws import iam

from components.aws_lambda.environment import LambdaEnvironment
from components.aws_lambda.grants import key_statement
from components.aws_lambda.policies import Statement, allow, document, trust
from components.aws_lambda.sinks.actions import BUCKET, DOCUMENTS, DOMAIN, INVOKE, OBJECTS, PUT, SECRET, TAGS
from components.aws_lambda.sinks.place import Place


class SinkRole:
    """A role with its one inline policy.

    Attributes:
        role: The role.
        policy: Its policy, which must exist before the role is used.
    """

    def __init__(self, place: Place, part: str, trusted: str, policy: pulumi.Input[str]) -> None:
        owner = place.owner
        self.role = owner.child(
            f"{part}-role",
            iam.Role,
            {
                "name": place.take("role", place.named("role", part)),
                "assume_role_policy": trusted,
                "permissions_boundary": place.environment.boundary_arn,
            },
        )
        self.policy = owner.child(
            f"{part}-role-policy", iam.RolePolicy, {"name": part, "role": self.role.name, "policy": policy}
        )


def filter_role(place: Place) -> SinkRole:
    """The role by which log groups of this account put events into the stream.

    Groups of sinks themselves are left out, so that no sink can be made to forward what it says of itself.
    """
    arns = place.environment.arns
    groups = {
        "ArnLike": {"aws:SourceArn": arns.of("logs", "*")},  # the form that AWS documents for subscriptions
        "ArnNotLike": {"aws:SourceArn": arns.log_group(f"{place.groups}/*")},
    }
    return SinkRole(
        place,
        "filter",
        trust("logs.amazonaws.com", conditions=groups),
        document(allow(PUT, [arns.delivery_stream(place.stream)], sid="Stream")),
    )


def stream_role(place: Place, key_arn: pulumi.Input[str]) -> SinkRole:
    """The role by which the stream calls the shipper and writes to bucket, store and its own log."""
    environment, args = place.environment, place.args
    arns = environment.arns
    bucket, shipper = arns.bucket(place.bucket), arns.function(place.shipper)
    plain = [
        allow(BUCKET, [bucket], sid="Bucket"),
        allow(OBJECTS, [f"{bucket}/{args.prefix}*"], sid="Objects"),
        allow(INVOKE, [shipper, f"{shipper}:$LATEST"], sid="Shipper"),
        allow(["logs:PutLogEvents"], [f"{arns.log_group(place.stream_log)}:log-stream:*"], sid="Errors"),
        *_store(place),
    ]
    own = environment.catalogue["secret", args.secret].key_arn if args.kind == "http" and args.secret else None

    def render(keys: Sequence[Any]) -> str:
        used: list[Statement] = [key_statement(arns, keys[0], "bucket", ["kms:Decrypt", "kms:GenerateDataKey"])]
        if keys[1] is not None:
            used.append(key_statement(arns, keys[1], "secret", ["kms:Decrypt"]))
        return document(*plain, *used)

    return SinkRole(
        place,
        "stream",
        # Firehose names the account whose stream it is as the external id.
        trust("firehose.amazonaws.com", conditions={"StringEquals": {"sts:ExternalId": arns.account}}),
        pulumi.Output.all(key_arn, own).apply(render),
    )


def shipper_role(place: Place) -> SinkRole:
    """The role of the shipper: its own log, tags of log groups, and the stream where it puts documents one by one."""
    arns = place.environment.arns
    plain = [
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"{arns.log_group(place.shipper_log)}:log-stream:*"],
            sid="Logs",
        ),
        allow(TAGS, [arns.log_group(functions_groups(place.environment))], sid="Owners"),
        allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"], sid="Traces"),
        allow(["sqs:SendMessage"], [arns.queue(place.failures)], sid="FailedEvents"),
    ]
    if place.args.kind == "opensearch":
        plain.append(allow(DOCUMENTS, [arns.delivery_stream(place.stream)], sid="Documents"))

    def render(key: str) -> str:
        condition = {"StringEquals": {"kms:ViaService": arns.via("lambda")}}
        return document(
            *plain,
            allow(["kms:Decrypt"], [key], conditions=condition, sid="Variables"),
            key_statement(arns, key, "queue", ["kms:Decrypt", "kms:GenerateDataKey"]),
        )

    return SinkRole(
        place,
        "shipper",
        trust("lambda.amazonaws.com"),
        place.environment.key_arn.apply(render),
    )


def functions_groups(environment: LambdaEnvironment) -> str:
    """Names of all log groups of an environment's functions, with a wildcard."""
    return environment.names.log_group("*")


def _store(place: Place) -> list[Statement]:
    args = place.args
    if args.kind == "opensearch":
        return [allow(DOMAIN, [str(args.arn), f"{args.arn}/*"], sid="Domain")]
    if args.kind == "http" and args.secret:
        return [allow(SECRET, [place.environment.catalogue["secret", args.secret].arn], sid="AccessKey")]
    return []
