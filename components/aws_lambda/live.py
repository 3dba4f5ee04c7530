"""What triggers and alarms need to know about the function that they belong to."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re

from pulumi_aws import lambda_, sqs

_HASH = 6
_SLUG = 24


@dataclasses.dataclass(frozen=True, slots=True)
class Live:
    """The live version of a function and what surrounds it.

    Attributes:
        name: Physical name of the function.
        arn: ARN of the alias, known before it exists.
        dlq_name: Physical name of the queue for failed and undelivered events.
        dlq_arn: Its ARN.
        function: The function.
        alias: The alias that callers reach.
        dlq: The queue.
    """

    name: str
    arn: str
    dlq_name: str
    dlq_arn: str
    function: lambda_.Function
    alias: lambda_.Alias
    dlq: sqs.Queue


def part_of(kind: str, readable: str, *identity: object) -> str:
    """Name of a child of which a function may have several: it depends on what the child is, never on its position.

    Args:
        kind: First part, `route`.
        readable: What helps a reader, in any characters.
        identity: JSON values that tell it from its siblings.

    Returns:
        Kebab case: `route-get-orders-1a2b3c`.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", readable.lower())[:_SLUG].strip("-")
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:_HASH]
    return "-".join(part for part in (kind, slug, digest) if part)
