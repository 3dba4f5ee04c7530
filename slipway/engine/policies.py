"""What the policy pack said about a run: every verdict, every waiver; and the findings that follow from it.

The pack runs in a process of the engine's and writes its report to a file, in the form of `policies/judge/report.py`.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Literal

from slipway.core.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from slipway.core.project import Project

REPORT_VARIABLE = "SLIPWAY_POLICY_REPORT"
"""Environment variable that tells the pack where to write its report."""

FORMAT = 1
_FUNCTION = "slipway:index:Function"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule of the pack.

    Attributes:
        id: Id of the control, `F9`; several rules may check one control.
        name: Its own name.
        title: What must hold.
        sources: Ids of the same control elsewhere.
        severity: `low`, `medium`, `high` or `critical`.
        remedy: What to do about a failure.
        level: `mandatory`, `advisory` or `disabled` in this environment.
    """

    id: str
    name: str
    title: str
    sources: tuple[str, ...]
    severity: str
    remedy: str
    level: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a rule said about a resource.

    Attributes:
        rule: Id of the control.
        name: Name of the rule.
        urn: The resource.
        outcome: `pass`, `fail` or `unknown`.
        property: Path of the property that decided; empty for the whole resource.
        message: What was found and what is allowed.
        level: What it does in this environment.
        waiver: Index of the waiver that excuses it; None without one.
    """

    rule: str
    name: str
    urn: str
    outcome: Literal["pass", "fail", "unknown"]
    property: str
    message: str
    level: str
    waiver: int | None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """A waiver of the environment, and what became of it.

    Attributes:
        rule: Id of the control.
        resource: Pattern of the resources.
        reason: Why.
        owner: Who answers for it.
        expires: Last day on which it holds.
        state: `used`, `unused` or `expired`.
    """

    rule: str
    resource: str
    reason: str
    owner: str
    expires: str
    state: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything that the pack said about a run; what is not in it was not checked.

    Attributes:
        rules: All rules.
        verdicts: All verdicts.
        waivers: All waivers of the environment.
        mistakes: What is wrong with the waivers and levels of the environment, one clause each.
    """

    rules: tuple[Rule, ...]
    verdicts: tuple[Verdict, ...]
    waivers: tuple[Waiver, ...]
    mistakes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values: rules and waivers, and only verdicts that do not pass."""
        return {
            "checked": len(self.verdicts),
            "verdicts": [dataclasses.asdict(one) for one in self.verdicts if one.outcome != "pass"],
            "waivers": [dataclasses.asdict(one) for one in self.waivers],
            "mistakes": list(self.mistakes),
        }


def in_order_of_ids(id_: str) -> tuple[str, int]:
    """Sorts ids of controls: F2 before F10.

    Args:
        id_: A letter and a number.
    """
    return id_[0], int(id_[1:])


def has_pack(project: Project) -> bool:
    """Whether the project has a policy pack."""
    return (project.policies / "PulumiPolicy.yaml").is_file()


def read_report(file: Path) -> Report | None:
    """The report that a run of the pack wrote; None if it wrote none, or one of another form.

    Args:
        file: Where it was told to write.
    """
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        return None
    return Report(
        rules=tuple(Rule(**{**one, "sources": tuple(one["sources"])}) for one in read["rules"]),
        verdicts=tuple(Verdict(**one) for one in read["verdicts"]),
        waivers=tuple(Waiver(**one) for one in read["waivers"]),
        mistakes=tuple(read["mistakes"]),
    )


def findings(report: Report, environment: str, parents: Mapping[str, str]) -> list[Finding]:
    """What of a report somebody must hear: failures, what is unknown, waivers that do not stand for anything any more.

    Args:
        report: What the pack said.
        environment: Name of the environment.
        parents: URNs of resources to those of what they belong to.
    """
    return [*_broken(report, environment, parents), *_waivers(report, environment)]


def function_of(urn: str, parents: Mapping[str, str]) -> str | None:
    """Name of the function that a resource belongs to; None when it belongs to the whole environment.

    Args:
        urn: The resource.
        parents: URNs of resources to those of what they belong to.
    """
    seen = set()
    while urn and urn not in seen:
        seen.add(urn)
        path, _, name = urn.rpartition("::")
        if path.endswith((f"::{_FUNCTION}", f"${_FUNCTION}")):
            return name
        urn = parents.get(urn, "")
    return None


def _broken(report: Report, environment: str, parents: Mapping[str, str]) -> Iterator[Finding]:
    rules = {rule.name: rule for rule in report.rules}
    unknown: dict[tuple[str, str, str, str], list[Verdict]] = {}
    for verdict in report.verdicts:
        if verdict.outcome == "pass" or verdict.level == "disabled":
            continue
        if verdict.outcome == "unknown":
            key = (verdict.urn, verdict.property, verdict.message, verdict.level)
            unknown.setdefault(key, []).append(verdict)
            continue
        waiver = None if verdict.waiver is None else report.waivers[verdict.waiver]
        excuse = f"until {waiver.expires} by {waiver.owner}: {waiver.reason}" if waiver else ""
        remedy = "" if waiver else rules[verdict.name].remedy
        yield _finding([verdict], environment, parents, remedy=remedy, excuse=excuse)
    # A document that is not known yet is one thing to say, however many rules would have read it.
    for verdicts in unknown.values():
        yield _finding(verdicts, environment, parents)


def _finding(
    verdicts: Sequence[Verdict],
    environment: str,
    parents: Mapping[str, str],
    *,
    remedy: str = "",
    excuse: str = "",
) -> Finding:
    """What several rules say alike about one property."""
    first = verdicts[0]
    ids = sorted({verdict.rule for verdict in verdicts}, key=in_order_of_ids)
    who = f"{first.rule} {first.name}" if len(verdicts) == 1 else ", ".join(ids)
    severity = Severity.ERROR if first.level == "mandatory" else Severity.WARNING
    return Finding(
        severity=Severity.INFO if excuse else severity,
        rule=first.name if len(verdicts) == 1 else "policies-unknown",
        message=f"{who}: {first.message}",
        remedy=remedy,
        excuse=excuse,
        environment=environment,
        function=function_of(first.urn, parents),
        resource=first.urn.rpartition("::")[2],
        property=first.property or None,
    )


def _waivers(report: Report, environment: str) -> Iterator[Finding]:
    for mistake in report.mistakes:
        yield Finding(
            severity=Severity.ERROR,
            rule="policy-settings",
            message=mistake,
            environment=environment,
            file=f"stacks/Pulumi.{environment}.yaml",
            property="slipway:policy",
        )


def stopped(found: Sequence[Finding]) -> bool:
    """Whether findings of policies end a run."""
    return any(finding.severity is Severity.ERROR for finding in found)
