"""Controls of an environment: which are met, waived, failing, unknown or not checked, by function."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.engine.policies import function_of, in_order_of_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slipway.engine.policies import Report, Rule, Verdict

SHARED = "(environment)"
"""Where a control is about what functions share."""

# Of several verdicts on one control, the first of these that there is.
_WORST = ("failing", "unknown", "waived", "met")
NOT_CHECKED = "not checked"
NOTHING = "no such resource"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Control:
    """One control in one environment.

    Attributes:
        id: Its id, `F9`.
        titles: What must hold, one clause for each rule that checks it.
        sources: Ids of the same control elsewhere.
        level: `mandatory`, `advisory` or `disabled`: the strictest of the rules that it is not met by, else of all.
        states: Function, or `(environment)`, to `met`, `waived`, `failing` or `unknown`; only those that have such
            resources.
    """

    id: str
    titles: Sequence[str]
    sources: Sequence[str]
    level: str
    states: Mapping[str, str]

    @property
    def state(self) -> str:
        """The worst of its states; `not checked` when it is disabled, `no such resource` when it is about none."""
        if self.level == "disabled":
            return NOT_CHECKED
        found = set(self.states.values())
        return next((state for state in _WORST if state in found), NOTHING)

    def where(self, state: str) -> list[str]:
        """Functions, or `(environment)`, in which it is in a state, sorted."""
        return sorted(name for name, found in self.states.items() if found == state)

    def to_json(self) -> dict[str, Any]:
        """The control as JSON values."""
        return {**dataclasses.asdict(self), "state": self.state}


def controls(report: Report, parents: Mapping[str, str]) -> list[Control]:
    """Every control that the pack has rules for, by id.

    Args:
        report: What the pack said about an environment.
        parents: URNs of resources to those of what they belong to.
    """
    rules: dict[str, list[Rule]] = {}
    for rule in report.rules:
        rules.setdefault(rule.id, []).append(rule)
    verdicts: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        verdicts.setdefault(verdict.rule, []).append(verdict)
    return [
        Control(
            id=id_,
            titles=tuple(rule.title for rule in of_id),
            sources=tuple(dict.fromkeys(source for rule in of_id for source in rule.sources)),
            level=_level(of_id, verdicts.get(id_, ())),
            states=_states(verdicts.get(id_, ()), parents),
        )
        for id_, of_id in sorted(rules.items(), key=lambda item: in_order_of_ids(item[0]))
    ]


def _level(rules: Iterable[Rule], verdicts: Iterable[Verdict]) -> str:
    broken = {verdict.level for verdict in verdicts if state_of(verdict) in {"failing", "unknown"}} - {"disabled"}
    found = broken or {rule.level for rule in rules}
    return next(level for level in ("mandatory", "advisory", "disabled") if level in found)


def _states(verdicts: Iterable[Verdict], parents: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for verdict in verdicts:
        if verdict.level == "disabled":
            continue
        who = function_of(verdict.urn, parents) or SHARED
        found[who] = min(found.get(who, _WORST[-1]), state_of(verdict), key=_WORST.index)
    return dict(sorted(found.items()))


def state_of(verdict: Verdict) -> str:
    """`met`, `waived`, `failing` or `unknown`."""
    if verdict.outcome == "fail":
        return "waived" if verdict.waiver is not None else "failing"
    return "met" if verdict.outcome == "pass" else "unknown"
