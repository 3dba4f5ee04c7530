"""L4: Log groups that forward are of the class that can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import linked
from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FILTER, LOG_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_PATH = "logGroupClass"


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    filters = [one for one in resources if one.type == FILTER]
    for group in resources:
        if group.type == LOG_GROUP and (verdict := _judge(group, filters)):
            yield group, verdict


def _judge(group: Resource, filters: Sequence[Resource]) -> Verdict | None:
    sure, unsure = linked(filters, "logGroup", group)
    if not sure and not unsure:
        return None
    found = group.declared(_PATH)
    if found is None or found == "STANDARD":
        return PASS
    if found is UNKNOWN or not sure:
        return unknown(_PATH)
    return fail(_PATH, f"{_PATH} must be STANDARD where a filter forwards, found {found}")


RULE = StackRule(
    id="L4",
    name="log-group-class",
    title="Log groups that forward are of the class that can",
    sources=(),
    severity="high",
    remedy="set logGroupClass to STANDARD, which replaces the group",
    check=_check,
)
