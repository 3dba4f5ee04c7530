"""S1: Nothing in a bucket can be made public."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown, worst
from policies.judge.values import UNKNOWN
from policies.rules._buckets import judge_buckets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_ACCOUNT = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
_SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    # A block itself, too: it may be about a bucket that stands in no stack.
    blocks = [(one, _of_block(one)) for one in resources if one.type in {_BLOCK, _ACCOUNT}]
    yield from blocks
    account = [verdict for one, verdict in blocks if one.type == _ACCOUNT]
    for bucket, verdict in judge_buckets(resources, (_BLOCK,), lambda one, _: _of_block(one), _of_bucket):
        yield bucket, PASS if PASS in account else verdict


def _of_block(block: Resource) -> Verdict:
    return worst(_of_switch(block, path) for path in _SWITCHES)


def _of_switch(block: Resource, path: str) -> Verdict:
    found = block.declared(path)
    if found is UNKNOWN:
        return unknown(path)
    return PASS if found is True else fail(path, f"{path} of {block.name} must be true, found {found}")


def _of_bucket(_: Resource) -> Verdict:
    return fail("", "a BucketPublicAccessBlock with all four switches must name this bucket, found none")


RULE = StackRule(
    id="S1",
    name="bucket-private",
    title="Nothing in a bucket can be made public",
    sources=("CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "FSBP S3.8"),
    severity="critical",
    remedy="add a BucketPublicAccessBlock with " + ", ".join(_SWITCHES),
    check=_check,
)
