"""S6: Who reads and writes a bucket is logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set, refers
from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN, at, items
from policies.rules._buckets import both, judge_buckets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_TARGET = "targetBucket"
_TYPES = both("Logging")


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    logs = [one for one in resources if one.type in _TYPES]
    for bucket, verdict in judge_buckets(resources, _TYPES, _of_setting, _of_bucket):
        # A bucket of such logs would log what it is told of others, and that it was told.
        yield bucket, PASS if any(refers(one, _TARGET, bucket) for one in logs) else verdict


def _of_setting(one: Resource, _: Resource) -> Verdict:
    if is_set(one.declared(_TARGET)):
        return PASS
    return fail(_TARGET, f"{_TARGET} of {one.name} must be set, found none")


def _of_bucket(bucket: Resource) -> Verdict:
    for path in ("logging", "loggings"):
        block = bucket.declared(path)
        if block is UNKNOWN:
            return unknown(path)
        if any(is_set(at(one, _TARGET)) for one in items(block)):
            return PASS
    return fail("logging", f"logging.{_TARGET} must be set, found none")


RULE = StackRule(
    id="S6",
    name="bucket-access-log",
    title="Who reads and writes a bucket is logged",
    sources=("CKV_AWS_18", "FSBP S3.9"),
    severity="low",
    remedy="add a BucketLogging, or set the environment's bucket of access logs",
    check=_check,
    level="advisory",
)
