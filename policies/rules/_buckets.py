"""What rules about buckets share: a bucket has its settings inside, or in resources of their own that name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import linked
from policies.judge.rule import Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policies.judge.values import Resource

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")


def both(kind: str) -> tuple[str, str]:
    """Types of a setting, under its name and under the one that it had once: `Versioning`."""
    return (f"aws:s3/bucket{kind}:Bucket{kind}", f"aws:s3/bucket{kind}V2:Bucket{kind}V2")


def judge_buckets(
    resources: Sequence[Resource],
    types: Sequence[str],
    of_setting: Callable[[Resource, Resource], Verdict],
    of_bucket: Callable[[Resource], Verdict],
) -> Iterator[tuple[Resource, Verdict]]:
    """The verdict on each bucket of a stack.

    Args:
        resources: The stack.
        types: Types of the resources that hold the setting.
        of_setting: Verdict on such a resource of a bucket: the resource, the bucket.
        of_bucket: Verdict on what the bucket itself says, which counts where no such resource names it.
    """
    settings = [one for one in resources if one.type in types]
    for bucket in resources:
        if bucket.type in BUCKETS:
            yield bucket, _judge(bucket, settings, of_setting, of_bucket)


def _judge(
    bucket: Resource,
    settings: Sequence[Resource],
    of_setting: Callable[[Resource, Resource], Verdict],
    of_bucket: Callable[[Resource], Verdict],
) -> Verdict:
    sure, unsure = linked(settings, "bucket", bucket)
    if sure:
        return worst(of_setting(one, bucket) for one in sure)
    verdict = of_bucket(bucket)
    if verdict.outcome == "fail" and unsure:
        return Verdict("unknown", "bucket", f"which bucket {unsure[0].name} is about is known only during the update")
    return verdict
