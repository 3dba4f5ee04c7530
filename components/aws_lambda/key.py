"""The key of an environment, for variables, logs, queues and packages."""

from __future__ import annotations

from pulumi_aws import kms

from components.aws_lambda.policies import allow, document
from components.aws_lambda.site import Site
from components.base import Component

_USE = ("kms:Decrypt", "kms:GenerateDataKey")
_LOGS_USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_DELETION_DAYS = 30


def key_policy(site: Site) -> str:
    """Policy of the key: IAM of the account decides, and two services act for themselves within this environment.

    CloudWatch Logs may use it for this environment's groups alone, EventBridge for what this account's rules could not
    deliver.
    """
    arns = site.arns
    return document(
        allow(["kms:*"], ["*"], principal={"AWS": arns.root()}, sid="IamOfTheAccount"),
        allow(
            _LOGS_USE,
            ["*"],
            principal={"Service": arns.via("logs")},  # the one principal here whose name depends on the partition
            conditions={
                "ArnLike": {"kms:EncryptionContext:aws:logs:arn": arns.log_group(f"/slipway/{site.args.environment}/*")}
            },
            sid="LogsOfTheEnvironment",
        ),
        allow(
            _USE,
            ["*"],
            principal={"Service": "events.amazonaws.com"},
            conditions={"StringEquals": {"aws:SourceAccount": arns.account}},
            sid="UndeliveredEvents",
        ),
    )


def make_key(owner: Component, site: Site) -> kms.Key:
    """Create the key, rotated every year, and an alias that people can read."""
    args = site.args
    key = owner.child(
        "key",
        kms.Key,
        {
            "description": f"Variables, logs, queues and packages of {args.prefix}-{args.environment}",
            "enable_key_rotation": True,
            "deletion_window_in_days": _DELETION_DAYS,
            "policy": key_policy(site),
        },
        protect=args.protect or None,
    )
    owner.child(
        "key-alias",
        kms.Alias,
        {"name": "alias/" + site.names.physical("kms-alias"), "target_key_id": key.key_id},
    )
    return key
