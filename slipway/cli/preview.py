"""`slipway preview`: what an update would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slipway.cli.findings import print_findings, reaches, threshold_option
from slipway.cli.judging import judged, say_unchecked
from slipway.cli.options import json_option, stack_option
from slipway.cli.preparing import prepare
from slipway.cli.progress import Display, print_plan
from slipway.cli.reporting import report_option, write_reports
from slipway.cli.session import Session, debug_option
from slipway.cli.tables import print_json
from slipway.core.errors import FindingsError
from slipway.engine import operations
from slipway.engine.recover import may_differ

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@stack_option
@click.option("--refresh", is_flag=True, help="Look first at what really exists.")
@click.option(
    "--exit-code", "--expect-no-changes", "exit_code", is_flag=True, help="Exit with status 1 if anything would change."
)
@report_option
@threshold_option
@debug_option
@json_option
def command(
    stack: str,
    *,
    refresh: bool,
    exit_code: bool,
    reports: dict[str, Path],
    threshold: str,
    debug: bool,
    as_json: bool,
) -> None:
    """Show what an update would change; changes nothing.

    Tells what policies say about it, and what it would take away from logs: a sink, time for which they are kept, a key
    that encrypts them.
    """
    session = Session.open(stack)
    prepare(session)
    # Otherwise a preview after an interrupted update would promise what the update does not do.
    look = refresh or may_differ(session.project, stack, session.instances)
    with Display("preview", quiet=as_json) as display:
        result = operations.preview(session.project, stack, refresh=look, debug=debug, on_event=display)
    findings = judged(result, stack)
    said = {**result.to_json(), "findings": [finding.to_json() for finding in findings]}
    write_reports(reports, result, findings, said)
    if as_json:
        print_json(said)
    else:
        print_plan(result)
        print_findings(findings)
        say_unchecked(result)
    if reaches(findings, threshold):
        raise FindingsError(f"{stack}: an update would break policies, or weaken how logs are kept")
    if exit_code and not result.unchanged:
        raise FindingsError(f"{stack}: an update would change something")
