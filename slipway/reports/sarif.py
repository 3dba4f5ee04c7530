"""SARIF 2.1.0 (OASIS): one run with its rules and results, as code scanners exchange them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway import __version__
from slipway.core.findings import Severity
from slipway.reports.codequality import fingerprint
from slipway.reports.places import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slipway.core.findings import Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.INFO: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class RuleText:
    """A rule as SARIF describes it.

    Attributes:
        name: Its name, which is the `rule` of its findings.
        title: What must hold.
        remedy: What to do about a failure.
        tags: Ids of the same control, here and elsewhere.
    """

    name: str
    title: str
    remedy: str
    tags: Sequence[str]


def sarif(
    findings: Iterable[tuple[Finding, str | None]], rules: Iterable[RuleText], not_checked: Sequence[str]
) -> dict[str, Any]:
    """A SARIF log as JSON values.

    Args:
        findings: Findings, each with the reason for which it is excused, or None.
        rules: Rules of the findings and of what passed.
        not_checked: What could not be checked, one clause each; with any, the run counts as incomplete.
    """
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "slipway", "version": __version__, "rules": [_rule(rule) for rule in rules]}
                },
                "invocations": [
                    {
                        "executionSuccessful": not not_checked,
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": f"not checked: {text}"}} for text in not_checked
                        ],
                    }
                ],
                "results": [_result(finding, excuse) for finding, excuse in findings],
            }
        ],
    }


def _rule(rule: RuleText) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.title},
        "help": {"text": rule.remedy},
        "properties": {"tags": list(rule.tags)},
    }


def _result(finding: Finding, excuse: str | None) -> dict[str, Any]:
    path, line = place_of(finding)
    names = [name for name in (finding.environment, finding.function, finding.resource) if name]
    suppressions = [{"kind": "external", "status": "accepted", "justification": excuse}] if excuse else []
    return {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message + (f"; {finding.remedy}" if finding.remedy else "")},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line}},
                "logicalLocations": [{"fullyQualifiedName": "/".join(names), "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"slipway/v1": fingerprint(finding)},
        "suppressions": suppressions,
    }
