"""`slipway validate`: check every function.yaml and every environment."""

from __future__ import annotations

import json
import sys

import click

from slipway.cli.options import json_option
from slipway.core.findings import Finding, Severity
from slipway.core.loaded import count
from slipway.core.project import Project
from slipway.core.validate import load

_LEVELS = [severity.name.lower() for severity in Severity]
_BAD_INPUT, _FINDINGS = 2, 1


@click.command
@click.option(
    "-s",
    "--stack",
    "stacks",
    multiple=True,
    metavar="NAME",
    help="Only this environment; may be repeated. All by default.",
)
@json_option
@click.option(
    "--threshold",
    type=click.Choice(_LEVELS),
    default="error",
    show_default=True,
    help="Severity from which on the exit status is 1; errors always give 2.",
)
def command(stacks: tuple[str, ...], threshold: str, *, as_json: bool) -> None:
    """Check every function.yaml and every environment, also against each other.

    Nothing is run, built or deployed. Exit status: 0 nothing found, 1 findings at or above the threshold, 2 errors.
    """
    loaded = load(Project.find(), list(stacks) or None)
    findings = loaded.findings
    summary = (
        f"{count(loaded.function_count, 'function')}, {count(len(loaded.environments), 'environment')}: "
        f"{_counts(findings)}"
    )
    if as_json:
        report = {
            "functions": loaded.function_count,
            "environments": list(loaded.environments),
            "findings": [finding.to_json() for finding in findings],
        }
        click.echo(json.dumps(report, indent=2))
    else:
        for finding in findings:
            note = "" if finding.severity is Severity.ERROR else f"{finding.severity.name.lower()}: "
            click.echo(note + finding.render())
        click.echo(summary)
    sys.exit(_status(findings, Severity[threshold.upper()]))


def _counts(findings: list[Finding]) -> str:
    numbers = [
        (sum(finding.severity is severity for finding in findings), noun)
        for severity, noun in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "note"))
    ]
    return ", ".join(count(number, noun) for number, noun in numbers if number) or "nothing found"


def _status(findings: list[Finding], threshold: Severity) -> int:
    worst = max((finding.severity for finding in findings), default=0)
    if worst >= Severity.ERROR:
        return _BAD_INPUT
    return _FINDINGS if worst >= threshold else 0
