"""S4: Buckets keep former versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN, at, items
from policies.rules._buckets import both, judge_buckets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_STATUS, _INSIDE = "versioningConfiguration.status", "versioning.enabled"


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    types = both("Versioning")
    return judge_buckets(resources, types, lambda one, _: _is(_STATUS, one.declared(_STATUS), "Enabled"), _of_bucket)


def _of_bucket(bucket: Resource) -> Verdict:
    several = bucket.declared("versionings")
    if several is not None:
        return _is(
            "versionings",
            several if several is UNKNOWN else next((at(one, "enabled") for one in items(several)), None),
            wanted=True,
        )
    return _is(_INSIDE, bucket.declared(_INSIDE), wanted=True)


def _is(path: str, found: Any, wanted: object) -> Verdict:
    if found is UNKNOWN:
        return unknown(path)
    return PASS if found is wanted or (isinstance(found, str) and found == wanted) else _missing(path, found)


def _missing(path: str, found: Any) -> Verdict:
    return fail(path, f"{path} must be enabled, found {found}")


RULE = StackRule(
    id="S4",
    name="bucket-versions",
    title="Buckets keep former versions",
    sources=("CKV_AWS_21",),
    severity="medium",
    remedy="add a BucketVersioning with status Enabled",
    check=_check,
)
