"""`slipway security`: which controls are met, by environment and function."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from slipway.cli.findings import print_findings, reaches, threshold_option
from slipway.cli.preparing import prepare
from slipway.cli.progress import Display
from slipway.cli.reporting import sarif_of
from slipway.cli.session import Session
from slipway.cli.tables import print_json, print_table
from slipway.core import validate
from slipway.core.errors import EngineError, FindingsError
from slipway.core.loaded import count
from slipway.core.project import Project
from slipway.engine import operations
from slipway.engine.controls import NOT_CHECKED, SHARED, controls
from slipway.engine.policies import findings, has_pack
from slipway.reports.codequality import code_quality

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.core.findings import Finding
    from slipway.engine.controls import Control
    from slipway.engine.policies import Report, Waiver


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checked:
    """One environment, as far as it could be checked.

    Attributes:
        environment: Its name.
        report: What policies said; None when they could not be asked.
        controls: Its controls; none when they could not be asked.
        findings: What of it somebody must hear.
        why_not: Why they could not be asked; empty when they could.
    """

    environment: str
    report: Report | None = None
    controls: Sequence[Control] = ()
    findings: Sequence[Finding] = ()
    why_not: str = ""

    def to_json(self) -> dict[str, Any]:
        """The environment as JSON values."""
        if self.report is None:
            return {"environment": self.environment, "state": NOT_CHECKED, "reason": self.why_not}
        return {
            "environment": self.environment,
            "state": "checked",
            "controls": [control.to_json() for control in self.controls],
            "waivers": [dataclasses.asdict(waiver) for waiver in self.report.waivers],
            "findings": [finding.to_json() for finding in self.findings],
        }


@click.command()
@click.option(
    "-s",
    "--stack",
    "stacks",
    multiple=True,
    metavar="NAME",
    help="Only this environment; may be repeated. All by default.",
)
@click.option("--planned", is_flag=True, help="Judge what the project would deploy, not what is deployed.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "sarif", "codequality"]),
    default="table",
    show_default=True,
    help="What to print.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@threshold_option
def command(stacks: tuple[str, ...], *, planned: bool, form: str, as_json: bool, threshold: str) -> None:
    """Show which security controls are met, waived, failing, unknown or not checked.

    Judges the state of each environment, without asking a cloud or a cluster: what somebody changed there by hand is
    seen after `slipway refresh`. Exit status: 0 nothing found, 1 findings at or above the threshold.
    """
    project = Project.find()
    loaded = validate.load(project, list(stacks) or None)
    loaded.require_valid()
    look = _planned if planned else _deployed
    checked = [look(project, environment) for environment in loaded.settings]
    _print(checked, "json" if as_json else form)
    found = [finding for one in checked for finding in one.findings]
    if reaches(found, threshold):
        raise FindingsError("security controls fail; see docs/policies.md")


def _deployed(project: Project, environment: str) -> Checked:
    if not has_pack(project):
        return Checked(environment=environment, why_not="the project has no policies/PulumiPolicy.yaml")
    try:
        analyzed = operations.analyze(project, environment)
    except EngineError as error:
        return Checked(environment=environment, why_not=str(error))
    if analyzed is None:
        return Checked(environment=environment, why_not="nothing is deployed that this machine knows of")
    return _checked(environment, *analyzed)


def _planned(project: Project, environment: str) -> Checked:
    try:
        session = Session.open(environment)
        prepare(session)
        with Display("preview", quiet=True) as display:
            result = operations.preview(project, environment, on_event=display)
    except EngineError as error:
        return Checked(environment=environment, why_not=str(error))
    if result.policies is None:
        return Checked(environment=environment, why_not="the policies said nothing; see `slipway preview`")
    return _checked(environment, result.policies, result.parents)


def _checked(environment: str, report: Report, parents: Mapping[str, str]) -> Checked:
    return Checked(
        environment=environment,
        report=report,
        controls=controls(report, parents),
        findings=findings(report, environment, parents),
    )


def _print(checked: Sequence[Checked], form: str) -> None:
    if form == "json":
        print_json({"environments": [one.to_json() for one in checked]})
    elif form == "sarif":
        print_json(_sarif(checked))
    elif form == "codequality":
        print_json(code_quality([finding for one in checked for finding in one.findings]))
    else:
        for one in checked:
            _print_table(one)


def _sarif(checked: Sequence[Checked]) -> dict[str, Any]:
    return sarif_of(
        [finding for one in checked for finding in one.findings],
        [one.report for one in checked if one.report],
        [f"{one.environment}: {one.why_not}" for one in checked if one.why_not],
    )


def _print_table(one: Checked) -> None:
    click.echo(f"{one.environment}: " + (f"{NOT_CHECKED}: {one.why_not}" if one.report is None else _counts(one)))
    if one.report is None:
        return
    rows = [
        (control.id, control.state, control.level, _where(control), "; ".join(control.titles))
        for control in one.controls
    ]
    print_table(("control", "state", "level", "where", "what must hold"), rows)
    for waiver in one.report.waivers:
        click.echo(_excused(waiver))
    print_findings(one.findings)
    click.echo()


def _where(control: Control) -> str:
    """Names of what is not as it should be; what is met is only counted."""
    names = [] if control.state == NOT_CHECKED else control.where(control.state)
    if control.state != "met" or len(names) == 1:
        return ", ".join(names)
    functions = len(set(names) - {SHARED})
    return f"{count(functions, 'function')}{' and what they share' if SHARED in names else ''}"


def _counts(one: Checked) -> str:
    states = [control.state for control in one.controls]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states)))


def _excused(waiver: Waiver) -> str:
    return (
        f"waiver ({waiver.state}): {waiver.rule} for {waiver.resource!r} until {waiver.expires}, {waiver.owner}: "
        f"{waiver.reason}"
    )
