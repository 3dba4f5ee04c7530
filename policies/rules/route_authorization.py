"""G2: Routes say who may call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._routes import PATHS, authorization, is_preflight

if TYPE_CHECKING:
    from policies.judge.values import Resource

_TYPES = frozenset({"AWS_IAM", "COGNITO_USER_POOLS", "CUSTOM", "JWT", "NONE"})


def _check(resource: Resource) -> Verdict | None:
    path, found = PATHS[resource.type], authorization(resource)
    if found is UNKNOWN:
        return unknown(path)
    if is_preflight(resource):
        return None
    if isinstance(found, str) and found in _TYPES:
        return PASS
    return fail(path, f"{path} must say who may call, found {found}")


RULE = Rule(
    id="G2",
    name="route-authorization",
    title="Routes say who may call them",
    sources=("CKV_AWS_309", "FSBP APIGateway.8"),
    severity="high",
    remedy="set authorizationType to JWT, AWS_IAM or CUSTOM; NONE must be written, too",
    types=tuple(PATHS),
    check=_check,
)
