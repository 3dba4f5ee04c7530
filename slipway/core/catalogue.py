"""Kinds of resources that functions may use, and what they may do with each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERBS: Mapping[str, Sequence[str]] = {
    "queue": ("send", "receive", "inspect"),
    "bucket": ("read", "write", "delete", "list"),
    "table": ("read", "write"),
    "topic": ("publish",),
    "secret": ("read",),
}
"""Kind to the verbs that `can` takes; the permissions behind each are derived by the components."""

SERVICES: Mapping[str, str] = {
    "queue": "sqs",
    "bucket": "s3",
    "table": "dynamodb",
    "topic": "sns",
    "secret": "secretsmanager",
}
"""Kind to the service in its ARN."""

_VARIABLES: Mapping[str, Sequence[str]] = {
    "queue": ("QUEUE_{}_URL", "QUEUE_{}_ARN"),
    "bucket": ("BUCKET_{}",),
    "table": ("TABLE_{}",),
    "topic": ("TOPIC_{}_ARN",),
    "secret": (),
}


def variables(kind: str, name: str) -> list[str]:
    """Names of the environment variables through which a function finds a resource that it uses."""
    return [pattern.format(name.upper().replace("-", "_")) for pattern in _VARIABLES[kind]]
