"""Findings on standard output, and which of them end a command with status 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from slipway.core.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_F = TypeVar("_F", bound="Callable[..., Any]")


def threshold_option(function: _F) -> _F:
    """Add `--threshold SEVERITY`, passed on as the text `threshold`."""
    return click.option(
        "--threshold",
        type=click.Choice([severity.name.lower() for severity in Severity]),
        default="error",
        show_default=True,
        help="Severity from which on the exit status is 1.",
    )(function)


def print_findings(findings: Iterable[Finding]) -> None:
    """Print a line for each finding; those that are no errors say so."""
    for finding in findings:
        note = "" if finding.severity is Severity.ERROR else f"{finding.severity.name.lower()}: "
        click.echo(note + finding.render())


def reaches(findings: Iterable[Finding], threshold: str) -> bool:
    """Whether a finding is at or above a threshold, as `--threshold` gives it."""
    return any(finding.severity >= Severity[threshold.upper()] for finding in findings)
