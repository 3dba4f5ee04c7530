"""What policies and guards say before an environment is changed, and whether that ends the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slipway.core.errors import FindingsError
from slipway.engine.guards import weakened
from slipway.engine.policies import findings, stopped

if TYPE_CHECKING:
    from slipway.core.findings import Finding
    from slipway.engine.steps import RunResult


def judged(result: RunResult, environment: str) -> list[Finding]:
    """Everything that policies say about a run, and what it weakens of how logs are kept.

    Args:
        result: What the engine did or would do.
        environment: Name of the environment.
    """
    return [*weakened(result, environment), *said(result, environment)]


def said(result: RunResult, environment: str) -> list[Finding]:
    """Everything that policies say about a run; the arguments are those of `judged`."""
    return findings(result.policies, environment, result.parents) if result.policies else []


def say_unchecked(result: RunResult) -> None:
    """Print a line if policies said nothing about a run."""
    if result.policies is None:
        click.echo("policies: not checked")


def require_allowed(result: RunResult, environment: str, found: list[Finding], *, changed: bool) -> None:
    """End the command if policies refuse what it does.

    Args:
        result: What the engine did or would do.
        environment: Name of the environment.
        found: What `judged` said of it.
        changed: Whether the run may have changed something before it was refused.

    Raises:
        FindingsError: They do.
    """
    if not result.refused and not stopped(found):
        return
    so_far = "what was done before is in the state" if changed else "nothing was changed"
    raise FindingsError(f"{environment}: policies refuse this update; {so_far}; see docs/policies.md")
