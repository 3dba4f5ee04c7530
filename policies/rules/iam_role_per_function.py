"""I10: Every function has a role of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import refers
from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION
from policies.rules._iam import ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    roles = [one for one in resources if one.type == ROLE]
    users: dict[str | None, list[Resource]] = {}
    for one in resources:
        if one.type == FUNCTION:
            users.setdefault(_role(one, roles), []).append(one)
    for role, found in users.items():
        for one in found:
            yield one, _judge(role, [other for other in found if other is not one])


def _role(function: Resource, roles: Sequence[Resource]) -> str | None:
    """What tells one role from another: which one of the stack it is, or else its ARN; none while that is not known."""
    ours = next((one.urn for one in roles if refers(function, "role", one)), None)
    found = function.get("role")
    return ours or (None if found is UNKNOWN else str(found))


def _judge(role: str | None, others: Sequence[Resource]) -> Verdict:
    if role is None:
        return unknown("role")
    if others:
        return fail("role", f"role must be used by this function alone, but {others[0].name} has it too")
    return PASS


RULE = StackRule(
    id="I10",
    name="iam-role-per-function",
    title="Every function has a role of its own",
    sources=(),
    severity="high",
    remedy="make a role for each function, with what that function needs",
    check=_check,
)
