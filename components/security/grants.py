"""Verbs and what they permit: the one table from which permissions of functions are derived."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class Verb:
    """What one verb permits on one kind of resource.

    Attributes:
        actions: Exact actions on the resource itself.
        inside: Exact actions on what it contains: objects of a bucket, indexes of a table.
        key_actions: What it needs of the key that encrypts the resource.
        not_on_knative: Why it cannot be had on Knative, and what to do instead; None when it can: there, a verb gives
            the address, what opens the resource, and a way through the network.
    """

    actions: Sequence[str] = ()
    inside: Sequence[str] = ()
    key_actions: Sequence[str] = ()
    not_on_knative: str | None = None


FUNCTION = "function"
"""The kind that no catalogue lists: each function of an environment is one, by its own name."""

_DECRYPT = ("kms:Decrypt",)
_ENCRYPT = ("kms:Decrypt", "kms:GenerateDataKey")  # writers of SQS, SNS and S3 multipart decrypt the data key too

VERBS: Mapping[str, Mapping[str, Verb]] = {
    "queue": {
        "send": Verb(("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"), key_actions=_ENCRYPT),
        "receive": Verb(
            (
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
            ),
            key_actions=_DECRYPT,
            not_on_knative="a channel hands its messages out itself; take them with an event `queue`",
        ),
        "inspect": Verb(
            ("sqs:GetQueueAttributes", "sqs:GetQueueUrl"),
            not_on_knative="a channel does not count its messages; leave it out, or run the function on Lambda",
        ),
    },
    "bucket": {
        "read": Verb(inside=("s3:GetObject",), key_actions=_DECRYPT),
        "write": Verb(inside=("s3:AbortMultipartUpload", "s3:PutObject"), key_actions=_ENCRYPT),
        "delete": Verb(inside=("s3:DeleteObject",)),
        "list": Verb(("s3:ListBucket",)),
    },
    "table": {
        "read": Verb(
            (
                "dynamodb:BatchGetItem",
                "dynamodb:ConditionCheckItem",
                "dynamodb:GetItem",
                "dynamodb:Query",
                "dynamodb:Scan",
            ),
            inside=("dynamodb:Query", "dynamodb:Scan"),
            key_actions=_DECRYPT,
        ),
        "write": Verb(
            ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
            key_actions=_ENCRYPT,
        ),
    },
    "topic": {"publish": Verb(("sns:Publish",), key_actions=_ENCRYPT)},
    "secret": {
        "read": Verb(
            ("secretsmanager:GetSecretValue",),
            key_actions=_DECRYPT,
            not_on_knative="functions there have no access to the Kubernetes API; name the secret under `secrets`",
        )
    },
    "key": {
        "encrypt": Verb(("kms:Encrypt", "kms:GenerateDataKey")),
        "decrypt": Verb(("kms:Decrypt",)),
        "sign": Verb(("kms:Sign",)),
        "verify": Verb(("kms:GetPublicKey", "kms:Verify")),
    },
    FUNCTION: {"invoke": Verb(("lambda:InvokeFunction",))},
    "service": {"call": Verb()},
}

# What a resource of the kind contains, as the end of its ARN.
INSIDE: Mapping[str, str] = {"bucket": "/*", "table": "/index/*"}

# The AWS service of what the catalogue adopts by ARN; through it alone the key of a resource is used (kms:ViaService).
SERVICES: Mapping[str, str] = {
    "queue": "sqs",
    "bucket": "s3",
    "table": "dynamodb",
    "topic": "sns",
    "secret": "secretsmanager",
    "key": "kms",
}


def actions_of(kind: str) -> Sequence[str]:
    """Every action that any verb of a kind permits on the resource and on what it contains, sorted."""
    return sorted({action for verb in VERBS[kind].values() for action in (*verb.actions, *verb.inside)})
