"""G2: Routes that anyone may call are told; an environment that makes G2 mandatory has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._routes import PATHS, authorization, is_preflight

if TYPE_CHECKING:
    from policies.judge.values import Resource


def _check(resource: Resource) -> Verdict | None:
    path, found = PATHS[resource.type], authorization(resource)
    if found is UNKNOWN:
        return unknown(path)
    if found is None or is_preflight(resource):
        return None  # what is not said at all is the other rule's
    return fail(path, f"{path} must not be NONE, by which anyone may call") if found == "NONE" else PASS


RULE = Rule(
    id="G2",
    name="route-not-open",
    title="Routes are not open to anyone",
    sources=("CKV_AWS_309",),
    severity="medium",
    remedy="give the route auth: token or auth: iam, or leave it open on purpose with a waiver of G2",
    types=tuple(PATHS),
    check=_check,
    level="advisory",
)
