"""F10: Function URLs answer to named origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN, items
from policies.rules._functions import URL

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "cors.allowOrigins"


def _check(resource: Resource) -> Verdict | None:
    found = resource.get(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    origins = items(found)
    if not origins:
        return None
    for one in origins:
        if one is not UNKNOWN and (not isinstance(one, str) or "*" in one):
            return fail(_PATH, f"{_PATH} must name origins, found {one}")
    return unknown(_PATH) if UNKNOWN in origins else PASS


RULE = Rule(
    id="F10",
    name="function-url-origins",
    title="Function URLs answer to named origins",
    sources=("CKV2_AWS_75",),
    severity="medium",
    remedy="list the origins under cors.origins of the route",
    types=(URL,),
    check=_check,
)
