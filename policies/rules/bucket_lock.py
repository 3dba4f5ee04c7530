"""S8: Objects of buckets are locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._buckets import both, judge_buckets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_PATH = "objectLockEnabled"


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    return judge_buckets(resources, both("ObjectLockConfiguration"), lambda one, _: _of_setting(one), _of_bucket)


def _of_setting(one: Resource) -> Verdict:
    # It knows no other value, and takes this one where none is given.
    found = one.declared(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    return PASS if found is None or found == "Enabled" else fail(_PATH, f"{_PATH} must be Enabled, found {found}")


def _of_bucket(bucket: Resource) -> Verdict:
    found = bucket.declared(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    return PASS if found is True else fail(_PATH, f"{_PATH} must be true, found {found}")


RULE = StackRule(
    id="S8",
    name="bucket-lock",
    title="Objects of buckets are locked",
    sources=("CKV_AWS_143",),
    severity="low",
    remedy="set objectLockEnabled when the bucket is made",
    check=_check,
    level="advisory",
)
