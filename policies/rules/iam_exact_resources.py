"""I3: Policies name resources, wherever an action can be restricted to some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import StackRule, Verdict
from policies.rules._iam import (
    ONLY_STAR,
    allowing,
    judge_grants,
    kept_from_code,
    narrowed,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.iam import Statement
    from policies.judge.values import Resource


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    return judge_grants(resources, _mistake)


def _mistake(found: Sequence[Statement]) -> str | None:
    wide = {
        action
        for one in allowing(found)
        if one.on_everything() and not narrowed(one)
        for action in one.actions
        if action not in ONLY_STAR and not kept_from_code(action, found)
    }
    return f"Resource must not be * for actions that take an ARN, found it for {shown(wide)}" if wide else None


RULE = StackRule(
    id="I3",
    name="iam-exact-resources",
    title="Policies name resources, wherever an action can be restricted to some",
    sources=("CKV_AWS_355", "CKV_AWS_356"),
    severity="high",
    remedy="name ARNs, or add a condition such as aws:ResourceTag or kms:ViaService",
    check=_check,
)
