"""`slipway validate`: check every function.yaml and every environment."""

from __future__ import annotations

import json
import sys

import click

from slipway.cli.findings import print_findings, reaches, threshold_option
from slipway.cli.options import json_option
from slipway.core.findings import Finding, Severity, errors_in
from slipway.core.loaded import count
from slipway.core.project import Project
from slipway.core.validate import load

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
@threshold_option
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
        print_findings(findings)
        click.echo(summary)
    sys.exit(_BAD_INPUT if errors_in(findings) else _FINDINGS if reaches(findings, threshold) else 0)


def _counts(findings: list[Finding]) -> str:
    numbers = [
        (sum(finding.severity is severity for finding in findings), noun)
        for severity, noun in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "note"))
    ]
    return ", ".join(count(number, noun) for number, noun in numbers if number) or "nothing found"
