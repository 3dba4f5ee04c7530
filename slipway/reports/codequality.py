"""GitLab's Code Quality report: a JSON list of issues, each at a file and a line.

The form is that of GitLab's documentation, "Code Quality report format": `description`, `check_name`, `fingerprint`,
`severity` (info, minor, major, critical, blocker) and `location`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from slipway.core.findings import Severity
from slipway.reports.places import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slipway.core.findings import Finding

_SEVERITIES = {Severity.INFO: "info", Severity.WARNING: "minor", Severity.ERROR: "critical"}


def code_quality(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON values.

    Args:
        findings: The findings.
    """
    return [_issue(finding) for finding in findings]


def fingerprint(finding: Finding) -> str:
    """The same text for the same finding of two runs, whatever it found this time; 64 hex digits."""
    parts = (finding.rule, finding.environment, finding.function, finding.resource, finding.property, finding.file)
    return hashlib.sha256("\0".join(part or "" for part in parts).encode()).hexdigest()


def _issue(finding: Finding) -> dict[str, Any]:
    path, line = place_of(finding)
    who = " ".join(part for part in (finding.environment, finding.resource) if part)
    text = f"{who}: {finding.message}" if who else finding.message
    return {
        "description": text + (f"; {finding.remedy}" if finding.remedy else ""),
        "check_name": finding.rule,
        "fingerprint": fingerprint(finding),
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": path, "lines": {"begin": line}},
    }
