"""S5: Buckets say what becomes of their objects, and end uploads that nobody finishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN, at, holds_unknown, items
from policies.rules._buckets import both, judge_buckets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_INSIDE, _OWN = "lifecycleRules", "rules"
_ABORTS = ("abortIncompleteMultipartUploadDays", "abortIncompleteMultipartUpload.daysAfterInitiation")


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    return judge_buckets(
        resources,
        both("LifecycleConfiguration"),
        lambda one, _: _judge(_OWN, one.declared(_OWN)),
        lambda bucket: _judge(_INSIDE, bucket.declared(_INSIDE)),
    )


def _judge(path: str, found: Any) -> Verdict:
    if found is UNKNOWN:
        return unknown(path)
    rules = [rule for rule in items(found) if _enabled(rule)]
    if any(_aborts(rule) for rule in rules):
        return PASS
    if holds_unknown(found):
        return unknown(path)
    what = "a rule that ends uploads nobody finishes" if rules else "a rule that is enabled"
    return fail(path, f"{path} must have {what}, found none")


def _enabled(rule: Any) -> bool:
    return at(rule, "enabled") is True or at(rule, "status") == "Enabled"


def _aborts(rule: Any) -> bool:
    return any(isinstance(days := at(rule, path), int) and days > 0 for path in _ABORTS)


RULE = StackRule(
    id="S5",
    name="bucket-lifecycle",
    title="Buckets say what becomes of their objects, and end uploads that nobody finishes",
    sources=("CKV2_AWS_61", "CKV_AWS_300", "FSBP S3.13"),
    severity="low",
    remedy="add an enabled rule with abortIncompleteMultipartUploadDays",
    check=_check,
)
