"""F11: Nobody may call functions, or use layers, just because they have an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import LAYER_PERMISSION, PERMISSION

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "principal"


def _check(resource: Resource) -> Verdict:
    found = resource.get(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    if resource.type == LAYER_PERMISSION and is_set(resource.get("organizationId")):
        return PASS  # AWS takes an organization together with * alone
    if isinstance(found, str) and found.strip() and "*" not in found:
        return PASS
    return fail(_PATH, f"{_PATH} must name a service, an account or a role, found {found}")


RULE = Rule(
    id="F11",
    name="function-permission-principal",
    title="Nobody may call functions just because they have an account",
    sources=("CKV_AWS_301", "FSBP Lambda.1"),
    severity="critical",
    remedy="name the service or the account that calls",
    types=(PERMISSION, LAYER_PERMISSION),
    check=_check,
)
