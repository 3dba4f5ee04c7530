"""S3: Buckets encrypt with KMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown, worst
from policies.judge.values import UNKNOWN, at, items
from policies.rules._buckets import both, judge_buckets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_DEFAULT = "applyServerSideEncryptionByDefault.sseAlgorithm"
_KMS = frozenset({"aws:kms", "aws:kms:dsse"})


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    types = both("ServerSideEncryptionConfiguration")
    return judge_buckets(resources, types, lambda one, _: _of_rules("rules", one.declared("rules")), _of_bucket)


def _of_bucket(bucket: Resource) -> Verdict:
    for path in ("serverSideEncryptionConfiguration", "serverSideEncryptionConfigurations"):
        block = bucket.declared(path)
        if block is UNKNOWN:
            return unknown(path)
        found = [rule for one in items(block) for key in ("rule", "rules") for rule in items(at(one, key))]
        if found:
            return _of_rules(path, found)
    return _of_rules("serverSideEncryptionConfiguration", [])


def _of_rules(path: str, rules: Any) -> Verdict:
    if rules is UNKNOWN:
        return unknown(path)
    listed = items(rules)
    if not listed:
        return fail(path, f"{path} must encrypt with aws:kms, found none")
    return worst(_of_algorithm(path, at(rule, _DEFAULT)) for rule in listed)


def _of_algorithm(path: str, found: Any) -> Verdict:
    if found is UNKNOWN:
        return unknown(path)
    kms = isinstance(found, str) and found in _KMS
    return PASS if kms else fail(path, f"{path} must have sseAlgorithm aws:kms, found {found}")


RULE = StackRule(
    id="S3",
    name="bucket-encrypted",
    title="Buckets encrypt with KMS",
    sources=("CKV_AWS_145",),
    severity="medium",
    remedy="add a BucketServerSideEncryptionConfiguration with sseAlgorithm aws:kms",
    check=_check,
)
