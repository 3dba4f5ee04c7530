"""Arguments of a log sink, the same for every target. The defaults beside each field are the only ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from components.base import Transform


@dataclasses.dataclass(frozen=True, kw_only=True)
class LogSinkArgs:
    """A central store of logs, and how records get there."""

    name: str
    """Name of the sink in its environment."""
    kind: str
    """Kind of the destination: `s3`, `loki`, `otlp`, `opensearch`, `http` or `destination`."""
    address: str | None = None
    """Address of the store: of Loki, OTLP, OpenSearch (Knative), an HTTP receiver, or what speaks S3 (Knative)."""
    bucket: str | None = None
    """Name of a bucket that exists (S3)."""
    create: bool = False
    """Whether the environment makes the bucket (S3)."""
    arn: str | None = None
    """ARN of an OpenSearch domain (Lambda), or of a CloudWatch Logs destination."""
    region: str | None = None
    """Region of a bucket that exists; None takes the environment's."""
    tenant: str | None = None
    """Tenant in a store that several share (Loki)."""
    index: str | None = None
    """Index or data stream (OpenSearch)."""
    prefix: str = ""
    """What all keys start with, empty or with a slash at its end (S3)."""
    secret: str | None = None
    """Secret of the environment's catalogue that opens the store.

    S3 on Knative: the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. An HTTP receiver: its access key. Anything
    else: the value of the header `Authorization`. On Knative it is a Kubernetes Secret beside the agent.
    """
    secret_field: str | None = None
    """Key in that secret; None takes the whole value (Lambda), or the key `value` (Knative)."""
    retention_days: int = 30
    """Days for which a bucket that the environment makes keeps records."""
    lock_days: int | None = None
    """Days for which nobody may delete or overwrite a record in that bucket; None does not lock any."""
    kms_key: str | None = None
    """ARN of the key for the sink's bucket and stream; None takes the environment's."""
    level: str | None = None
    """Lowest severity that is forwarded; None forwards everything."""
    exclude: Sequence[str] = ()
    """Regular expressions of messages that are not forwarded."""
    redact: Sequence[str] = ()
    """Regular expressions of what is masked in message, fields and error.

    These and the others mean the same in Go's RE2 and in Python's `re` with `re.ASCII`.
    """
    redact_keys: str | None = None
    """Regular expression of keys in `fields`, at any depth, whose values are masked whole; None masks none of them."""
    buffer_bytes: int = 2**30
    """Disk on each node for what the store does not take at the moment (Knative)."""
    buffer_age_s: int = 60
    """Seconds for which records are collected before they are sent, at the most."""
    partition: Sequence[str] = ("environment", "function", "date")
    """Folders of a bucket, in this order."""
    platform: bool = True
    """Whether request logs, Kubernetes events and Lambda's own records go there too."""
    transforms: Mapping[str, Transform] = dataclasses.field(default_factory=dict)
    """Escape hatch: part of the sink to a pure function of its arguments and options."""

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> LogSinkArgs:
        """Arguments from JSON-like values whose keys are the names of these fields.

        Raises:
            TypeError: A key is not a field, or a field without a default is missing.
        """
        values = dict(spec)
        for name in ("exclude", "redact", "partition"):
            if name in values:
                values[name] = tuple(values[name])
        return cls(**values)
