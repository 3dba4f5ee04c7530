"""`slipway up`: brings an environment to what the project says."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import click

from slipway.cli.building import build_ahead
from slipway.cli.findings import print_findings
from slipway.cli.judging import require_allowed, said, say_unchecked
from slipway.cli.mending import finish, look, mend
from slipway.cli.options import json_option, stack_option
from slipway.cli.preparing import prepare
from slipway.cli.progress import Display, print_summary
from slipway.cli.session import Session, debug_option, wait_option
from slipway.cli.tables import print_json, print_table
from slipway.core.errors import FindingsError
from slipway.engine import operations, recover
from slipway.engine.guards import weakened

if TYPE_CHECKING:
    from slipway.core.findings import Finding
    from slipway.engine.steps import RunResult


@click.command()
@stack_option
@click.option("--refresh", is_flag=True, help="Look first at what really exists.")
@click.option(
    "--skip-preview",
    is_flag=True,
    envvar="SLIPWAY_SKIP_PREVIEW",
    help="Do not judge everything before anything is changed; policies then refuse single resources on the way.",
)
@wait_option
@debug_option
@json_option
def command(stack: str, *, refresh: bool, skip_preview: bool, wait_s: float, debug: bool, as_json: bool) -> None:
    """Bring an environment to what the project says, after mending what an interrupted run left.

    What policies refuse is told before anything is changed, and ends it.
    """
    session = Session.open(stack)
    looking = functools.partial(look, session)
    with Display("up", quiet=as_json, look=looking) as display:
        prepare(session)
        mended = mend(session, display, wait_s)
        look_first = refresh or mended.refresh
        told = None if skip_preview else _tell_plan(session, look_first, display, debug=debug)
        build_ahead(session, display)
        recover.begin(session.project, stack, session.instances)
        result = operations.up(session.project, stack, refresh=look_first, debug=debug, on_event=display, look=looking)
        finish(session, display, mended, result)
    found = said(result, stack)
    if told is None:
        found = [*weakened(result, stack), *found]
    if as_json:
        findings = [finding.to_json() for finding in (*(told or ()), *found)]
        print_json({**result.to_json(), "mended": list(mended.said), "findings": findings})
    else:
        print_summary(result)
        print_findings(found)
        say_unchecked(result)
        _print_outputs(result)
    require_allowed(result, stack, found, changed=True)


def _tell_plan(session: Session, refresh: bool, display: Display, *, debug: bool) -> list[Finding]:
    """Let policies judge the plan, and tell what the update will weaken; returns what was told.

    Raises:
        FindingsError: Policies refuse it; what they say is printed.
    """
    planned = operations.preview(session.project, session.environment, refresh=refresh, debug=debug)
    weaker, found = weakened(planned, session.environment), said(planned, session.environment)
    try:
        require_allowed(planned, session.environment, found, changed=False)
    except FindingsError:
        print_findings([*weaker, *found])
        raise
    for finding in weaker:
        display.say(f"{finding.severity.name.lower()}: {finding.render()}")
    return weaker


def _print_outputs(result: RunResult) -> None:
    functions = result.outputs.get("functions") or {}
    rows = [
        (name, about.get("target"), about.get("version"), about.get("url")) for name, about in sorted(functions.items())
    ]
    if rows:
        click.echo()
        print_table(("function", "target", "version", "url"), rows)
