"""S7: Buckets have no ACLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import linked
from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._buckets import both, judge_buckets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_PATH = "rule.objectOwnership"
_ENFORCED = "BucketOwnerEnforced"
_ACLS = both("Acl")


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    types = ("aws:s3/bucketOwnershipControls:BucketOwnershipControls",)
    acls = [one for one in resources if one.type in _ACLS]
    for bucket, verdict in judge_buckets(resources, types, lambda one, _: _of_setting(one), _of_bucket):
        has_acl = bool(linked(acls, "bucket", bucket)[0])
        yield bucket, fail("acl", "a bucket must have no BucketAcl, found one") if has_acl else verdict


def _of_setting(one: Resource) -> Verdict:
    found = one.declared(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    return PASS if found == _ENFORCED else fail(_PATH, f"{_PATH} must be {_ENFORCED}, found {found}")


def _of_bucket(_: Resource) -> Verdict:
    return fail("", f"BucketOwnershipControls with {_ENFORCED} must name this bucket, found none")


RULE = StackRule(
    id="S7",
    name="bucket-no-acls",
    title="Buckets have no ACLs",
    sources=("CKV2_AWS_65", "FSBP S3.12"),
    severity="medium",
    remedy=f"add BucketOwnershipControls with objectOwnership {_ENFORCED}",
    check=_check,
)
