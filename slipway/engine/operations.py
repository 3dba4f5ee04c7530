"""Preview, update, refresh and destroy an environment. State is mended elsewhere (`slipway.engine.recover`)."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi.automation.errors import CommandError, ConcurrentUpdateError

from slipway.core.errors import EngineError
from slipway.engine.diagnose import explain, only_policies
from slipway.engine.locks import LockedError, locks_in
from slipway.engine.policies import REPORT_VARIABLE, has_pack, read_report
from slipway.engine.steps import STACK_TYPE, Collector, Diagnostic, Progress, RunResult, masked
from slipway.engine.workspace import export_state, open_stack, run_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pulumi.automation import Stack

    from slipway.core.project import Project
    from slipway.engine.policies import Report


def silent(progress: Progress) -> None:
    """Show nothing."""
    del progress


def unseen(urns: Sequence[str]) -> Sequence[str]:
    """Look at nothing beyond the messages."""
    del urns
    return ()


def preview(
    project: Project,
    environment: str,
    *,
    refresh: bool = False,
    debug: bool = False,
    on_event: Callable[[Progress], None] = silent,
) -> RunResult:
    """What an update would change, and what the project's policies say about it.

    Args:
        project: The project.
        environment: Name of the environment; its stack is made if there is none.
        refresh: Whether to look first at what really exists.
        debug: Whether the engine and the program say everything they do.
        on_event: Is told about each step and message, from another thread.

    Raises:
        EngineError: The engine, the program or a provider failed; not when policies alone refuse it.
    """
    stack = _existing_or_new(project, environment)
    with _policies(project, stack) as (packs, report):

        def run(collector: Collector) -> None:
            stack.preview(on_event=collector, refresh=refresh, debug=debug, color="never", policy_packs=packs)

        result = _drive(run, environment, on_event, debug=debug)
        return dataclasses.replace(result, policies=read_report(report))


def up(
    project: Project,
    environment: str,
    *,
    refresh: bool = False,
    debug: bool = False,
    on_event: Callable[[Progress], None] = silent,
    look: Callable[[Sequence[str]], Sequence[str]] = unseen,
) -> RunResult:
    """Bring an environment to what the project says, as long as policies do not refuse it.

    Other arguments and errors are those of `preview`.

    Args:
        project: The project.
        environment: Name of the environment.
        refresh: Whether to look first at what really exists.
        debug: Whether the engine and the program say everything they do.
        on_event: Is told about each step and message, from another thread.
        look: Says more about what failed, from what runs; it is given the URNs of what failed.
    """
    stack = _existing_or_new(project, environment)

    with _policies(project, stack) as (packs, report):

        def run(collector: Collector) -> None:
            stack.up(
                on_event=collector,
                refresh=refresh,
                debug=debug,
                color="never",
                suppress_outputs=True,
                policy_packs=packs,
            )

        result = _drive(run, environment, on_event, debug=debug, look=look)
        return dataclasses.replace(result, policies=read_report(report))


def refresh(
    project: Project,
    environment: str,
    *,
    targets: Sequence[str] = (),
    debug: bool = False,
    on_event: Callable[[Progress], None] = silent,
) -> RunResult:
    """Bring the state in line with what really exists. Other arguments and errors are those of `preview`.

    Args:
        project: The project.
        environment: Name of the environment.
        targets: URNs of the resources to look at; none means all.
        debug: Whether the engine and the program say everything they do.
        on_event: Is told about each step and message, from another thread.
    """
    stack = open_stack(project, environment, create=False)
    if stack is None:
        return _nothing()

    def run(collector: Collector) -> None:
        stack.refresh(
            target=list(targets) or None, on_event=collector, debug=debug, color="never", suppress_outputs=True
        )

    return _drive(run, environment, on_event, debug=debug)


def destroy(
    project: Project, environment: str, *, debug: bool = False, on_event: Callable[[Progress], None] = silent
) -> RunResult:
    """Remove everything that an environment deployed; its history stays. Arguments and errors are as in `preview`."""
    stack = open_stack(project, environment, create=False)
    if stack is None:
        return _nothing()

    def run(collector: Collector) -> None:
        stack.destroy(on_event=collector, debug=debug, color="never", suppress_outputs=True)

    return _drive(run, environment, on_event, debug=debug)


def analyze(project: Project, environment: str) -> tuple[Report, dict[str, str]] | None:
    """What the project's policies say about what is deployed, as the state has it.

    Args:
        project: The project.
        environment: Name of the environment.

    Returns:
        What they said, and URNs of resources to those of what they belong to; None if nothing is deployed.

    Raises:
        EngineError: The state cannot be read, or the policies cannot be run.
    """
    stack = open_stack(project, environment, create=False)
    resources = resources_of(export_state(stack)) if stack else []
    if stack is None or not resources:
        return None
    with _policies(project, stack) as (packs, report):
        try:
            run_command(stack, ["policy", "analyze", "--json", *(f"--policy-pack={pack}" for pack in packs)])
        except CommandError as error:
            # A failure of a mandatory rule is one of the command, too; the report tells the two apart.
            if not report.is_file():
                raise EngineError(explain((), str(error), environment)) from error
        said = read_report(report)
    if said is None:
        raise EngineError(
            f"{environment}: the policy pack wrote no report; what to do: run `make setup`, then this again"
        )
    return said, {resource["urn"]: resource.get("parent", "") for resource in resources}


def outputs(project: Project, environment: str) -> dict[str, Any]:
    """Outputs of the stack's last update, secrets as `[secret]`; empty if there is no stack.

    Raises:
        EngineError: The state cannot be read.
    """
    return outputs_of(export(project, environment))


def export(project: Project, environment: str) -> dict[str, Any]:
    """The stack's state as JSON, secrets encrypted; `{}` if there is no stack.

    Raises:
        EngineError: The state cannot be read.
    """
    stack = open_stack(project, environment, create=False)
    return {} if stack is None else export_state(stack)


def outputs_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs of the stack in an exported state, secrets as `[secret]`."""
    for resource in resources_of(state):
        if resource["type"] == STACK_TYPE:
            values: Mapping[str, Any] = resource.get("outputs") or {}
            return {name: masked(value) for name, value in values.items()}
    return {}


def resources_of(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Resources of an exported state, in the engine's order; those that await deletion are among them."""
    found: list[dict[str, Any]] = (state.get("deployment") or {}).get("resources") or []
    return found


def _existing_or_new(project: Project, environment: str) -> Stack:
    stack = open_stack(project, environment, create=True)
    assert stack is not None
    return stack


@contextlib.contextmanager
def _policies(project: Project, stack: Stack) -> Iterator[tuple[list[str], Path]]:
    """The project's policy packs, and where they write their report during this."""
    with tempfile.TemporaryDirectory(prefix="slipway-policies-") as folder:
        report = Path(folder) / "report.json"
        stack.workspace.env_vars = {**stack.workspace.env_vars, REPORT_VARIABLE: str(report)}
        yield [str(project.policies)] if has_pack(project) else [], report


def _nothing() -> RunResult:
    return RunResult(steps=(), summary={}, outputs={}, diagnostics=())


def _drive(
    run: Callable[[Collector], None],
    environment: str,
    on_event: Callable[[Progress], None],
    *,
    debug: bool,
    look: Callable[[Sequence[str]], Sequence[str]] = unseen,
) -> RunResult:
    collector = Collector(on_event, debug=debug)
    try:
        _patiently(lambda: run(collector), on_event)
    except ConcurrentUpdateError as error:
        raise LockedError(environment, locks_in(str(error))) from error
    except CommandError as error:
        result = collector.result()
        if result.refused and only_policies(result.diagnostics):
            return result
        said = result.diagnostics
        failed = [diagnostic.urn for diagnostic in said if diagnostic.severity == "error"]
        raise EngineError(explain(said, str(error), environment, look(failed))) from error
    return dataclasses.replace(collector.result(), refused=False)


def _patiently(run: Callable[[], None], on_event: Callable[[Progress], None]) -> None:
    """Run the engine; on Ctrl-C, which reaches it too, wait until it has finished what it had begun.

    Raises:
        KeyboardInterrupt: It was interrupted and has ended.
    """
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(run)
        interrupted = False
        while True:
            try:
                future.result()
            except KeyboardInterrupt:
                text = "interrupted: waiting for the engine to finish what it has begun; once more ends it at once"
                if interrupted:
                    text = "interrupted again: the engine ends at once; the next run mends what is left"
                interrupted = True
                on_event(Progress(diagnostic=Diagnostic(severity="warning", message=text)))
                continue
            except CommandError:
                if not interrupted:
                    raise
            if interrupted:
                raise KeyboardInterrupt
            return
