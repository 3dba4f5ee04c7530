"""S2: Buckets are reached through TLS alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import StackRule, Verdict
from policies.rules._buckets import judge_buckets
from policies.rules._transport import only_tls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_PATH = "policy"


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    types = ("aws:s3/bucketPolicy:BucketPolicy",)
    return judge_buckets(resources, types, _judge, lambda bucket: _judge(bucket, bucket))


def _judge(holder: Resource, bucket: Resource) -> Verdict:
    name = bucket.get("bucket")
    # In the partition of the document, whichever it is: a policy of a bucket can name no other partition's buckets.
    value = holder.declared(_PATH)
    partition = next((one for one in ("aws-cn", "aws-us-gov") if f"arn:{one}:" in str(value)), "aws")
    arns = [f"arn:{partition}:s3:::{name}", f"arn:{partition}:s3:::{name}/*"] if isinstance(name, str) else []
    return only_tls(_PATH, None if value == "" else value, "s3:getobject", arns)


RULE = StackRule(
    id="S2",
    name="bucket-only-tls",
    title="Buckets are reached through TLS alone",
    sources=("FSBP S3.5", "cdk-nag S10"),
    severity="medium",
    remedy="deny s3:* on the bucket and its objects where aws:SecureTransport is false",
    check=_check,
)
