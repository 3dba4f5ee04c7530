"""Judges resources by all rules, applies levels and waivers, and keeps every verdict for the report."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

from policies.judge.rule import Rule, StackRule, Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from policies.judge.rule import AnyRule, Level
    from policies.judge.settings import Settings
    from policies.judge.values import Resource


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """One verdict as it counts in an environment.

    Attributes:
        rule: The rule.
        resource: The resource.
        verdict: What the rule says.
        level: What it does here: a mandatory one stops, an advisory one is said, a disabled one is neither.
        waiver: Index of the waiver that excuses a failure; None without one.
        note: What to add to the message: an expired waiver.
    """

    rule: AnyRule
    resource: Resource
    verdict: Verdict
    level: Level
    waiver: int | None = None
    note: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is to be said: a failure without a waiver, or something unknown."""
        return self.level != "disabled" and self.waiver is None and self.verdict.outcome != "pass"

    def text(self) -> str:
        """One line: which rule, which resource, what was found, what to do."""
        head = f"{self.rule.id} {self.rule.name}: {self.resource.name}: {self.verdict.message}"
        remedy = f"what to do: {self.rule.remedy}" if self.verdict.outcome == "fail" else ""
        return "; ".join(part for part in (head, self.note, remedy) if part)


class Judge:
    """Judges the resources of one run."""

    def __init__(self, rules: Sequence[AnyRule], settings: Settings, today: dt.date) -> None:
        """Start with nothing judged.

        Args:
            rules: All rules.
            settings: What the environment says about them.
            today: The day, in UTC, by which waivers expire.
        """
        self.rules = rules
        self.settings = settings
        self._today = today
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], Judged] = {}
        self._by_type: dict[str, list[Rule]] = {}
        for rule in rules:
            if isinstance(rule, Rule):
                for type_ in rule.types:
                    self._by_type.setdefault(type_, []).append(rule)

    def knows(self, type_: str) -> bool:
        """Whether any rule judges single resources of a type."""
        return type_ in self._by_type

    def resource(self, resource: Resource) -> list[Judged]:
        """Verdicts of the rules about one resource; a rule that breaks on it counts as unknown."""
        return self._keep(said for rule in self._by_type.get(resource.type, ()) for said in _said(rule, resource))

    def stack(self, resources: Sequence[Resource]) -> list[Judged]:
        """Verdicts of the rules that need the whole stack."""
        return self._keep(
            said for rule in self.rules if isinstance(rule, StackRule) for said in _stack(rule, resources)
        )

    def verdicts(self) -> list[Judged]:
        """Every verdict so far, by rule and resource; of two about the same, the later one."""
        with self._lock:
            return [self._found[key] for key in sorted(self._found)]

    def waiver_states(self) -> list[str]:
        """What became of each waiver: `used`, `unused` (it excuses no failure) or `expired`."""
        used = {judged.waiver for judged in self.verdicts()}
        return [
            "expired" if waiver.expires < self._today else "used" if index in used else "unused"
            for index, waiver in enumerate(self.settings.waivers)
        ]

    def mistakes(self) -> list[str]:
        """One line for each level and waiver that stands for nothing; to be asked after everything is judged."""
        ids = {rule.id for rule in self.rules}
        found = [
            f"slipway:policy.rules has {id_}, but no rule has that id; docs/policies.md lists them"
            for id_ in sorted(self.settings.rules.keys() - ids)
        ]
        for waiver, state in zip(self.settings.waivers, self.waiver_states(), strict=True):
            who = f"waiver of {waiver.rule} for {waiver.resource!r}, owned by {waiver.owner}"
            if state == "expired":
                found.append(f"{who}: expired on {waiver.expires}; mend what it excuses, or agree on a new date")
            elif state == "unused":
                found.append(f"{who}: excuses nothing that fails; remove it")
        return found

    def _keep(self, said: Iterable[tuple[AnyRule, Resource, Verdict]]) -> list[Judged]:
        judged = [self._weigh(*item) for item in said]
        with self._lock:
            self._found.update({(item.rule.name, item.resource.urn): item for item in judged})
        return judged

    def _weigh(self, rule: AnyRule, resource: Resource, verdict: Verdict) -> Judged:
        level = self.settings.level(rule)
        waiver, note = None, ""
        if verdict.outcome == "fail":
            for index, one in enumerate(self.settings.waivers):
                if one.covers(rule, resource):
                    if one.expires >= self._today:
                        waiver, note = index, ""
                        break
                    note = f"its waiver expired on {one.expires}"
        if verdict.outcome == "unknown" and level == "mandatory" and self.settings.unknown == "report":
            level = "advisory"
        return Judged(rule=rule, resource=resource, verdict=verdict, level=level, waiver=waiver, note=note)


def _said(rule: Rule, resource: Resource) -> Iterator[tuple[AnyRule, Resource, Verdict]]:
    try:
        verdict = rule.check(resource)
    except Exception as error:  # noqa: BLE001 - shapes that no rule foresaw are not taken for safe
        verdict = _broken(error)
    if verdict is not None:
        yield rule, resource, verdict


def _stack(rule: StackRule, resources: Sequence[Resource]) -> Iterator[tuple[AnyRule, Resource, Verdict]]:
    try:
        found = list(rule.check(resources))
    except Exception as error:  # noqa: BLE001 - as above
        found = [(resource, _broken(error)) for resource in resources[:1]]
    for resource, verdict in found:
        yield rule, resource, verdict


def _broken(error: Exception) -> Verdict:
    """A rule that cannot read a resource has not checked it; the error's text may hold values, its type does not."""
    return Verdict("unknown", "", f"not checked, the rule cannot read these properties ({type(error).__name__})")
