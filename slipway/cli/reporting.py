"""Reports in files, for whoever shows them: GitLab, scanners of code, other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from slipway.reports.codequality import code_quality
from slipway.reports.sarif import RuleText, sarif
from slipway.reports.terraform import terraform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from slipway.core.findings import Finding
    from slipway.engine.policies import Report
    from slipway.engine.steps import RunResult

_F = TypeVar("_F", bound="Callable[..., Any]")
FORMATS = ("codequality", "json", "sarif", "terraform")
_UNKNOWN = RuleText(
    name="policies-unknown",
    title="Every value that rules have to read is known",
    remedy="set what the update would make itself, such as slipway:encryption, or look again after the update",
    tags=(),
)


def report_option(function: _F) -> _F:
    """Add `--report FORMAT=FILE`, which may be given several times; passed on as `reports`, format to file."""
    return click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT=FILE",
        callback=_files_of,
        help=f"Write a report too: {', '.join(FORMATS)}; may be repeated.",
    )(function)


def write_reports(
    reports: Mapping[str, Path], result: RunResult, findings: Sequence[Finding], said: Mapping[str, Any]
) -> None:
    """Write reports about a run.

    Args:
        reports: Format to file; folders that are missing are made.
        result: What the engine did or would do.
        findings: What was found.
        said: The run as `--json` prints it.

    Raises:
        click.FileError: A file cannot be written.
    """
    for form, file in reports.items():
        if form == "terraform":
            content: Any = terraform(step.op for step in result.changes)
        elif form == "codequality":
            content = code_quality(findings)
        elif form == "sarif":
            unchecked = [] if result.policies else ["policies said nothing about this run"]
            content = sarif_of(findings, [result.policies] if result.policies else [], unchecked)
        else:
            content = said
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(file), error.strerror) from error


def sarif_of(findings: Iterable[Finding], reports: Iterable[Report], not_checked: Sequence[str]) -> dict[str, Any]:
    """Findings as SARIF, with the rules of the policies that were asked.

    Args:
        findings: The findings.
        reports: What policies said.
        not_checked: What could not be checked, one clause each.
    """
    rules = {rule.name: rule for report in reports for rule in report.rules}
    texts = [
        RuleText(name=rule.name, title=rule.title, remedy=rule.remedy, tags=(rule.id, *rule.sources))
        for rule in rules.values()
    ]
    return sarif([(finding, finding.excuse or None) for finding in findings], [*texts, _UNKNOWN], not_checked)


def _files_of(ctx: click.Context, param: click.Parameter, given: Sequence[str]) -> dict[str, Path]:
    """Format to file, from `FORMAT=FILE`.

    Raises:
        click.BadParameter: One is not of that form.
    """
    del ctx
    found: dict[str, Path] = {}
    for text in given:
        form, equals, file = text.partition("=")
        if form not in FORMATS or not equals or not file:
            raise click.BadParameter(f"{text!r} must be FORMAT=FILE with one of {', '.join(FORMATS)}", param=param)
        if form in found:
            raise click.BadParameter(f"{form} is given twice; give each format once", param=param)
        found[form] = Path(file)
    return found
