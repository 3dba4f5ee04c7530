"""L5: Firehose streams are encrypted with a key of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._streams import STREAM

if TYPE_CHECKING:
    from policies.judge.values import Resource

_WHOLE = "serverSideEncryption"
_SOURCES = ("kinesisSourceConfiguration", "mskSourceConfiguration")


def _check(resource: Resource) -> Verdict | None:
    if any(resource.get(source) is not None for source in _SOURCES):
        return None  # records lie in the source, and AWS takes no encryption here
    if resource.get(_WHOLE) is UNKNOWN:
        return unknown(_WHOLE)
    for key, wanted in (("enabled", True), ("keyType", "CUSTOMER_MANAGED_CMK")):
        path = f"{_WHOLE}.{key}"
        found = resource.get(path)
        if found is UNKNOWN:
            return unknown(path)
        if found != wanted or isinstance(found, int) != isinstance(wanted, int):
            return fail(path, f"{path} must be {wanted}, found {found}")
    path = f"{_WHOLE}.keyArn"
    return PASS if is_set(resource.get(path)) else fail(path, f"{path} must be set, found none")


RULE = Rule(
    id="L5",
    name="stream-encrypted",
    title="Firehose streams are encrypted with a key of one's own",
    sources=("CKV_AWS_240", "CKV_AWS_241", "FSBP DataFirehose.1", "cdk-nag KDF1"),
    severity="medium",
    remedy="set serverSideEncryption with enabled, keyType CUSTOMER_MANAGED_CMK and keyArn",
    types=(STREAM,),
    check=_check,
)
