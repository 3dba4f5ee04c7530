"""Rules and what they say about a resource: pass, fail or unknown; never nothing by accident."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from policies.judge.values import Resource

Outcome = Literal["pass", "fail", "unknown"]
Level = Literal["mandatory", "advisory", "disabled"]
Severity = Literal["low", "medium", "high", "critical"]


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says about one resource.

    Attributes:
        outcome: `pass`, `fail` or `unknown`.
        property: Path of the property that decided; empty for the resource as a whole.
        message: Property, what was found and what is allowed, as one clause; never a value that may be a secret:
            only numbers, switches, names of modes, actions, principals and resources.
    """

    outcome: Outcome
    property: str = ""
    message: str = ""


PASS = Verdict("pass")


def fail(path: str, message: str) -> Verdict:
    """A verdict that the rule is broken."""
    return Verdict("fail", path, message)


def unknown(path: str) -> Verdict:
    """A verdict that it cannot be told before the update."""
    return Verdict("unknown", path, f"{path} is known only during the update")


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict of several about the same resource: the first failure, else the first unknown, else a pass."""
    found = list(verdicts)
    for outcome in ("fail", "unknown"):
        for verdict in found:
            if verdict.outcome == outcome:
                return verdict
    return PASS


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rule:
    """One control, judged resource by resource.

    Attributes:
        id: Id of the control, `F9`.
        name: Name of the rule, unique, in kebab case, and of its file with underscores.
        title: What must hold, as a clause: "Function URLs ask for a signature".
        sources: Ids of the same control elsewhere, `CKV_AWS_258`.
        severity: How much a failure matters.
        remedy: What to do about a failure, as one clause.
        types: Type tokens of the resources that it judges.
        check: Says the verdict about a resource of these types; None where the rule does not apply to it.
        level: What a failure does where the environment does not say.
    """

    id: str
    name: str
    title: str
    sources: Sequence[str]
    severity: Severity
    remedy: str
    types: Sequence[str]
    check: Callable[[Resource], Verdict | None]
    level: Level = "mandatory"


@dataclasses.dataclass(frozen=True, kw_only=True)
class StackRule:
    """One control that needs several resources; the attributes are those of `Rule`.

    Attributes:
        check: Says the verdicts about resources of a whole stack; those it does not name are not its business.
    """

    id: str
    name: str
    title: str
    sources: Sequence[str]
    severity: Severity
    remedy: str
    check: Callable[[Sequence[Resource]], Iterable[tuple[Resource, Verdict]]]
    level: Level = "mandatory"


AnyRule = Rule | StackRule
