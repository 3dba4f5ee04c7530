"""Moves pointers of functions and brings the engine's state in line, so that the next preview is empty."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from slipway.cli.mending import mend
from slipway.cli.progress import Display
from slipway.cli.runners import chosen, runner_of
from slipway.cli.tables import print_json, print_table
from slipway.core.errors import EngineError, SlipwayError
from slipway.engine import operations
from slipway.running.inventory import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from slipway.cli.session import Session
    from slipway.running.releases import Move, Release
    from slipway.running.runner import Runner


@dataclasses.dataclass(frozen=True, slots=True)
class Moved:
    """A function whose pointer was moved.

    Attributes:
        runner: What runs it.
        release: Where its pointer was before.
        to: Where it is now.
    """

    runner: Runner
    release: Release
    to: Move

    @property
    def before(self) -> str:
        """The version that loses its calls."""
        candidate = self.release.candidate
        return candidate if candidate and candidate != self.to.to.name else self.release.stable


def run(
    session: Session,
    verb: str,
    functions: Sequence[str],
    decide: Callable[[Release], Move | None],
    *,
    wait_s: float,
    quiet: bool,
) -> list[Moved]:
    """Move the pointers of some functions: first it is decided for all of them, then all are moved.

    Args:
        session: The environment.
        verb: What the command is called.
        functions: Names that were asked for; empty means all that are deployed.
        decide: Says where a pointer goes; None leaves it.
        wait_s: How long to wait for another run that holds the stack.
        quiet: Whether to show errors and warnings only.

    Raises:
        BadInputError: A function cannot be moved so; none was.
        EngineError: A target refused; what was moved before stays so, and the state says so.
    """
    with Display(verb, quiet=quiet) as display:
        mend(session, display, wait_s)
        outputs = session.deployed()
        deployed: Mapping[str, Any] = outputs.get("functions") or {}
        chosen(session, deployed, functions)
        planned: list[Moved] = []
        for name in sorted(set(functions) or deployed):
            runner = runner_of(session, find(outputs, name, session.environment))
            release = release_of(session, runner, name)
            wanted = decide(release)
            if wanted is not None:
                planned.append(Moved(runner, release, wanted))
        return apply(session, planned, display)


def apply(session: Session, planned: Iterable[Moved], display: Display) -> list[Moved]:
    """Move pointers, and have the engine look again at the resources that hold them, and at nothing else.

    Raises:
        EngineError: A target refused, or the state could not be brought in line.
    """
    done: list[Moved] = []
    try:
        for one in planned:
            one.runner.move(one.release, one.to)
            done.append(one)
            display.say(f"{one.release.function}: all calls go to {one.to.to.name} now")
    finally:
        _settle(session, done, display)
    return done


def release_of(session: Session, runner: Runner, name: str) -> Release:
    """Where a deployed function's pointer is.

    Raises:
        EngineError: It is deployed as the state says, but its target does not know it.
    """
    release = runner.release(name)
    if release is None:
        raise EngineError(
            f"{name}: deployed as the state says, but it is not there; what to do: `slipway up --refresh -s "
            f"{session.environment}`"
        )
    return release


def print_moved(done: Sequence[Moved], key: str, nothing: str, *, as_json: bool) -> None:
    """Print what was moved, from where to where.

    Args:
        done: What was moved.
        key: Name of the list in JSON.
        nothing: What to say when nothing was.
        as_json: Whether to print JSON.
    """
    rows = [(one.release.function, one.before, one.to.to.name) for one in done]
    if as_json:
        print_json({key: [dict(zip(("function", "from", "to"), row, strict=True)) for row in rows]})
    elif rows:
        print_table(("function", "from", "to"), rows)
    else:
        click.echo(nothing)


def _settle(session: Session, done: Sequence[Moved], display: Display) -> None:
    if not done:
        return
    resources = operations.resources_of(operations.export(session.project, session.environment))
    urns = [
        str(resource["urn"])
        for resource in resources
        if any(one.runner.holds_pointer(one.release.function, resource) for one in done)
    ]
    if not urns:
        return
    try:
        operations.refresh(session.project, session.environment, targets=urns, on_event=display)
    except SlipwayError as error:
        names = ", ".join(one.release.function for one in done)
        raise EngineError(
            f"{names}: the calls go where they should, but the state could not be brought in line ({error}); what to "
            f"do: `slipway refresh -s {session.environment}`"
        ) from error
