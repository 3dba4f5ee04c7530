"""L6: What a Firehose stream cannot deliver is kept apart, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN, at
from policies.rules._streams import STREAM, blocks, buckets

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PREFIX, _LOGGING = "errorOutputPrefix", "cloudwatchLoggingOptions.enabled"


def _check(resource: Resource) -> Verdict:
    places = buckets(resource)
    if not places and not blocks(resource):
        return fail("extendedS3Configuration", "a destination must be set, found none")
    for path, block in places:
        found = at(block, _PREFIX)
        if block is UNKNOWN:
            return unknown(path)
        if found is not UNKNOWN and not (isinstance(found, str) and found.strip()):
            return fail(f"{path}.{_PREFIX}", f"{path}.{_PREFIX} must be set, found none")
    for path, block in blocks(resource):
        found = at(block, _LOGGING)
        if found is UNKNOWN:
            return unknown(f"{path}.{_LOGGING}")
        if found is not True:
            return fail(f"{path}.{_LOGGING}", f"{path}.{_LOGGING} must be true, found {found}")
    return PASS


RULE = Rule(
    id="L6",
    name="stream-errors",
    title="What a Firehose stream cannot deliver is kept apart, and told",
    sources=(),
    severity="medium",
    remedy="set errorOutputPrefix of its bucket and cloudwatchLoggingOptions.enabled",
    types=(STREAM,),
    check=_check,
)
