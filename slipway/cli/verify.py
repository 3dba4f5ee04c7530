"""`slipway verify`: calls each function, puts candidates to the test, and turns those away that fail."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

import click

from slipway.cli import calls, last_lines, pointing, verify_sinks
from slipway.cli.mending import mend
from slipway.cli.options import functions_option, json_option, stack_option
from slipway.cli.progress import Display
from slipway.cli.runners import chosen, runner_of
from slipway.cli.session import Session
from slipway.cli.tables import print_json, print_table
from slipway.core.errors import BadInputError, EngineError
from slipway.rollout import moves, trial
from slipway.running.inventory import NOT_CHECKED, target_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.running.releases import Release
    from slipway.running.runner import Runner

_OK = "ok"


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Row:
    name: str
    target: str
    url: str | None = None
    via: str = "invoke"
    version: str | None = None
    status: int | None = None
    latency_ms: float | None = None
    result: str = ""

    @property
    def failed(self) -> bool:
        """Whether something speaks against it; what could not be checked does not."""
        return self.result != _OK and not self.result.startswith(NOT_CHECKED)

    def cells(self) -> tuple[object, ...]:
        """Cells of the table."""
        latency = None if self.latency_ms is None else f"{self.latency_ms:.0f} ms"
        return (self.name, self.target, self.url or self.via, self.version, self.status, latency, self.result)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Failed:
    """A candidate that must not stay."""

    runner: Runner
    release: Release


@click.group(invoke_without_command=True)
@click.pass_context
@stack_option
@functions_option
@click.option(
    "--calls",
    "times",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="How often to call each candidate with its example.",
)
@click.option(
    "--max-errors",
    type=click.FloatRange(0, 100),
    default=0.0,
    show_default=True,
    metavar="PERCENT",
    help="Percent of these calls that may fail.",
)
@click.option("--logs", "with_logs", is_flag=True, help="Then show the last lines of each function in its sink.")
@click.option("--no-rollback", is_flag=True, help="Only tell of candidates that fail; do not roll them back.")
@json_option
def command(
    ctx: click.Context,
    *,
    stack: str,
    functions: Sequence[str],
    times: int,
    max_errors: float,
    no_rollback: bool,
    with_logs: bool,
    as_json: bool,
) -> None:
    """Call each deployed function with its example.json and tell how it answered; roll back candidates that fail.

    Functions with a public route are called by their real address where that can be done from here. Exit status: 0 all
    answered as their examples promise, 3 one did not. `slipway verify sinks` tries whether their logs arrive.
    """
    if ctx.invoked_subcommand is not None:
        _refuse_options(ctx)
        return
    session = Session.open(stack)
    deployed: Mapping[str, Mapping[str, Any]] = session.deployed().get("functions") or {}
    begun = time.time_ns()
    rows: list[_Row] = []
    unfit: list[_Failed] = []
    names = chosen(session, deployed, functions)
    for name in names:
        output = deployed.get(name)
        rows.append(_verify(session, name, output))
        if output is not None and name in session.functions:
            row, failed = _try_candidate(session, name, output, times, max_errors)
            rows += [row] if row else []
            unfit += [failed] if failed else []
    if not as_json:
        print_table(("name", "target", "url", "version", "status", "latency", "result"), [row.cells() for row in rows])
    arrived = last_lines.last_lines(session, [n for n in names if n in deployed], begun) if with_logs else []
    if as_json:
        logs = {"logs": [arrival.to_json() for arrival in arrived]} if with_logs else {}
        print_json({"functions": [dataclasses.asdict(row) for row in rows], **logs})
    elif with_logs:
        last_lines.print_last_lines(arrived)
    turned_away = [] if no_rollback else _roll_back(session, unfit, quiet=as_json)
    failed_names = list(dict.fromkeys(row.name for row in rows if row.failed))
    if failed_names:
        back = f"; rolled back: {', '.join(turned_away)}" if turned_away else ""
        raise EngineError(
            f"{len(failed_names)} of {len({row.name for row in rows})} functions failed: {', '.join(failed_names)}"
            f"{back}; what to do: `slipway logs NAME -s {stack}` shows what one logged"
        )


command.add_command(verify_sinks.command)


def _refuse_options(ctx: click.Context) -> None:
    """Options of what is verified stand behind its name; before it they would be without effect."""
    given = [name for name in ctx.params if ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE]
    if given:
        what = ctx.invoked_subcommand
        raise BadInputError(f"verify: options stand before {what!r}; what to do: `slipway verify {what} OPTIONS`")


def _verify(session: Session, name: str, output: Mapping[str, Any] | None) -> _Row:
    """Call what callers reach, once."""
    function = session.functions.get(name)
    if output is None:
        return _Row(name=name, target="-", result=f"failed: not deployed; run `slipway up -s {session.environment}`")
    row = _Row(name=name, target=target_of(output))
    if function is None:
        return dataclasses.replace(row, result="failed: deployed, but its function.yaml is gone; run `slipway up`")
    row = dataclasses.replace(row, url=str(output["url"]) if output.get("url") else None)
    call = calls.from_example(function)
    try:
        answer, via = runner_of(session, output).visit(name, output, call)
    except (EngineError, BadInputError) as error:
        return dataclasses.replace(row, result=f"failed: {error}")
    reason = call.failure(answer)
    result = _OK if reason is None else f"failed: {reason}"
    return dataclasses.replace(
        row,
        via=via,
        version=answer.version or None,
        # The status of the call itself is 200 also when the function failed.
        status=answer.status if answer.error is None else None,
        latency_ms=answer.duration_ms,
        result=result if answer.unchecked is None else f"{NOT_CHECKED}: {answer.unchecked}",
    )


def _try_candidate(
    session: Session, name: str, output: Mapping[str, Any], times: int, max_errors: float
) -> tuple[_Row | None, _Failed | None]:
    """Put a function's candidate to the test; nothing when it has none."""
    row = _Row(name=name, target=target_of(output), via="candidate")
    try:
        runner = runner_of(session, output)
        release = runner.release(name)
    except EngineError as error:
        rollout = session.functions[name].manifest.rollout
        return (dataclasses.replace(row, result=f"{NOT_CHECKED}: {error}") if rollout else None), None
    if release is None or release.candidate is None:
        return None, None
    verdict = trial.hold(runner, release, output, calls.from_example(session.functions[name]), times)
    problem = verdict.problem(max_errors)
    if problem is not None:
        result = f"failed: {problem}"
    elif verdict.calls == 0:
        result = f"{NOT_CHECKED}: {'; '.join(verdict.unchecked)}"
    else:
        result = _OK
        blind = [text for text in verdict.unchecked if text]
        if blind:
            click.echo(f"note: {name}: candidate {verdict.version}: {NOT_CHECKED}: {'; '.join(blind)}", err=True)
    row = dataclasses.replace(
        row,
        version=f"{verdict.version} ({release.percent:g}%)",
        status=verdict.status,
        latency_ms=verdict.latency_ms,
        result=result,
    )
    return row, (_Failed(runner=runner, release=release) if problem is not None else None)


def _roll_back(session: Session, unfit: Sequence[_Failed], *, quiet: bool) -> list[str]:
    """Turn candidates away; returns `function version` of each."""
    if not unfit:
        return []
    with Display("rollback", quiet=quiet) as display:
        mend(session, display)
        planned = [pointing.Moved(one.runner, one.release, moves.rollback(one.release)) for one in unfit]
        pointing.apply(session, planned, display)
    return [f"{one.release.function} {one.release.candidate}" for one in unfit]
