"""What rules about Firehose streams share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.values import UNKNOWN, at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judge.values import Resource

STREAM = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
_DESTINATIONS = (
    "elasticsearchConfiguration",
    "extendedS3Configuration",
    "httpEndpointConfiguration",
    "icebergConfiguration",
    "opensearchConfiguration",
    "opensearchserverlessConfiguration",
    "redshiftConfiguration",
    "snowflakeConfiguration",
    "splunkConfiguration",
)
_ARCHIVE = "extendedS3Configuration"


def blocks(stream: Resource) -> Sequence[tuple[str, Any]]:
    """The settings of each destination that a stream has, with their path; UNKNOWN for those not known yet."""
    found = ((path, stream.declared(path)) for path in _DESTINATIONS)
    return [(path, block) for path, block in found if block is not None]


def buckets(stream: Resource) -> Sequence[tuple[str, Any]]:
    """The settings of each bucket that a stream writes to: as its destination, or what it cannot deliver."""
    found = []
    for path, block in blocks(stream):
        if path == _ARCHIVE or block is UNKNOWN:
            found.append((path, block))
        elif (inner := at(block, "s3Configuration")) is not None:
            found.append((f"{path}.s3Configuration", inner))
    return found
