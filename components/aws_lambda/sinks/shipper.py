"""The shipper: the function that makes envelopes of log events on their way through a stream."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_aws import cloudwatch, lambda_, sqs

from components.aws_lambda.catalogue import queue_args
from components.aws_lambda.sinks.place import Place
from components.aws_lambda.sinks.roles import SinkRole
from components.aws_lambda.variables import LIMIT
from components.canonical import compact
from components.errors import InputError

_HANDLER = "slipway_shipper.handler.handle"
_VARIABLE = "SLIPWAY_SINK"
_MEMORY_MB = 512
_TIMEOUT_S = 120
_FORMS = {"s3": "gzip", "http": "lines", "opensearch": "documents"}


def settings_of(place: Place) -> dict[str, Any]:
    """What the shipper is told; keys are those of its own settings, and what has its default is left out."""
    args, environment = place.args, place.environment
    found = {
        "environment": environment.names.environment,
        "form": _FORMS[args.kind],
        "partition": [name for name in args.partition if name != "environment"] if args.kind == "s3" else [],
        "level": args.level,
        "platform": None if args.platform else False,
        "exclude": list(args.exclude),
        "redact": list(args.redact),
        "redact_keys": args.redact_keys,
        "groups": environment.arns.log_group(""),
        "stream": place.stream if args.kind == "opensearch" else None,
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def make_shipper(place: Place, role: SinkRole) -> lambda_.Function:
    """Create the function and its log group, which no filter forwards.

    Raises:
        InputError: The sink's settings are longer than Lambda takes.
    """
    owner, environment = place.owner, place.environment
    shipper = environment.args.shipper
    assert shipper is not None
    variables = {_VARIABLE: compact(settings_of(place))}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > LIMIT:
        raise InputError(
            f"{owner.label}: its settings take {size} bytes, but Lambda takes {LIMIT} in variables; "
            "shorten exclude and redact"
        )
    logs = owner.child(
        "shipper-logs",
        cloudwatch.LogGroup,
        {
            "name": place.take("log-group", place.shipper_log),
            "log_group_class": "STANDARD",
            "retention_in_days": environment.args.log_retention_days,
            "kms_key_id": environment.key_arn,
        },
    )
    failures = owner.child(
        "shipper-failures",
        sqs.Queue,
        queue_args(place.take("queue", place.failures), environment.site, environment.key_arn),
    )
    bucket: pulumi.Output[str] = environment.packages_bucket
    return owner.child(
        "shipper",
        lambda_.Function,
        {
            "name": place.take("function", place.shipper),
            "description": f"Makes envelopes of log events for the sink {place.args.name}",
            "role": role.role.arn,
            "architectures": ["x86_64"],
            "memory_size": _MEMORY_MB,
            "timeout": _TIMEOUT_S,
            "environment": {"variables": variables},
            "kms_key_arn": environment.key_arn,
            "dead_letter_config": {"target_arn": environment.arns.queue(place.failures)},
            "tracing_config": {"mode": "Active"},
            "logging_config": {
                "log_format": "JSON",
                "log_group": place.shipper_log,
                "application_log_level": "INFO",
                "system_log_level": "WARN",
            },
            "package_type": "Zip",
            "s3_bucket": bucket,
            "s3_key": shipper.publish(bucket) if shipper.publish else shipper.key,
            "runtime": shipper.runtime,
            "handler": _HANDLER,
            "code_signing_config_arn": environment.signing_arn,
        },
        depends_on=[role.policy, logs, failures],
    )
