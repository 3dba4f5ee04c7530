"""Mends what an interrupted run left: processes, locks, a broken state file, creations that nobody recorded."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from slipway.engine import adopt, checkpoints, leftovers, locks, memory, pending
from slipway.engine.backend import Backend
from slipway.engine.diagnose import files_of
from slipway.engine.operations import resources_of
from slipway.engine.steps import name_of
from slipway.engine.workspace import export_state, import_state, open_stack

if TYPE_CHECKING:
    from pulumi.automation import Stack

    from slipway.core.project import Project
    from slipway.engine.clouds import Clouds
    from slipway.engine.steps import RunResult

_NO_INSTANCES = memory.Instances()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mended:
    """What was mended before a run.

    Attributes:
        said: What was done, a line each; empty when all was well.
        refresh: Whether the state must be compared with what exists before it is used.
        guesses: URNs of what was put into the state and may not exist.
    """

    said: tuple[str, ...] = ()
    refresh: bool = False
    guesses: tuple[str, ...] = ()


def mend(
    project: Project,
    environment: str,
    clouds: Clouds,
    *,
    instances: memory.Instances = _NO_INSTANCES,
    wait_s: float = 0,
) -> Mended:
    """Bring a stack into a state from which a run can start.

    Args:
        project: The project.
        environment: Name of the environment.
        clouds: Where it lives.
        instances: Which embedded platforms it is on.
        wait_s: Seconds to wait for another run that holds the stack.

    Raises:
        LockedError: Another run that lives holds the stack.
        EngineError: The state cannot be mended, or AWS or the cluster cannot be asked.
    """
    backend = Backend.of(project)
    said = free(project, backend, environment, wait_s)
    with files_of(environment):
        restored = checkpoints.restore(project, backend, environment)
    if restored:
        said.append(restored)
    stack = open_stack(project, environment, create=False)
    if stack is None:
        return Mended(said=tuple(said))
    known = memory.recall(project, environment)
    unclean = known.unclean or restored is not None
    fresh = instances.new_since(known.instances)
    said += [f"{platform} is a new one; everything is compared with what exists there" for platform in fresh]
    # Nothing can have been left on a platform that is new, unless there is another one beside it.
    emptied = bool(fresh) and (clouds.aws is None or clouds.kube is None)
    guesses = _settle(project, stack, clouds, known, said, unclean=unclean and not emptied)
    return Mended(said=tuple(said), refresh=unclean or bool(fresh) or guesses is not None, guesses=guesses or ())


def _settle(
    project: Project, stack: Stack, clouds: Clouds, known: memory.Memory, said: list[str], *, unclean: bool
) -> tuple[str, ...] | None:
    """Put into the state what an earlier run may have created; None when there is nothing to settle."""
    state = export_state(stack)
    pending_now = pending.pending_in(state)
    if not resources_of(state) or not (pending_now or unclean):
        return None
    planned = adopt.planned_creations(stack, refresh=clouds.kube is not None) if unclean else []
    if not pending_now and not planned:
        return None
    settled = pending.settle(state, clouds, planned)
    said.extend(settled.said)
    others = len(settled.guesses) - sum(operation["type"] == pending.CREATING for operation in pending_now)
    if others > 0:
        said.append(f"the last run did not end well; looking for {others} resources that it may have created")
    # Noted first: after the next line nothing else tells that the state holds guesses.
    memory.remember(project, stack.name, dataclasses.replace(known, unclean=True))
    import_state(stack, settled.state, project.local_state / f"mended-{stack.name}.json")
    return settled.guesses


def free(project: Project, backend: Backend, environment: str, wait_s: float) -> list[str]:
    """End what a killed engine left running, and remove locks whose holder lives no more.

    Returns:
        What was done, a line each.

    Raises:
        LockedError: Another run that lives holds the stack.
    """
    said = []
    for _, lock in locks.held(backend, environment):
        if locks.is_abandoned(lock):
            locks.stop(lock)
            said.append(f"ended {lock.render()}: an engine whose `slipway` had died")
    orphans = leftovers.find(project)
    if orphans:
        leftovers.stop(orphans)
        said.append(f"ended {len(orphans)} processes that a killed engine had left behind")
    locks.wait(backend, environment, wait_s)
    for path, lock in locks.held(backend, environment):
        if locks.is_stale(lock):
            path.unlink(missing_ok=True)
            said.append(f"removed the lock of {lock.render()}, which lives no more")
    return said


def may_differ(project: Project, environment: str, instances: memory.Instances) -> bool:
    """Whether the state may differ from what exists: the last run did not end well, or an embedded platform is new."""
    known = memory.recall(project, environment)
    return known.unclean or bool(instances.new_since(known.instances))


def begin(project: Project, environment: str, instances: memory.Instances) -> None:
    """Note that a run begins to change things; until `succeed` the environment counts as unclean."""
    memory.remember(project, environment, memory.Memory(instances=instances, unclean=True))


def succeed(project: Project, environment: str, instances: memory.Instances) -> None:
    """Note that a run ended well, and which embedded platforms it went to."""
    memory.remember(project, environment, memory.Memory(instances=instances, unclean=False))


def taken_over(mended: Mended, result: RunResult) -> list[str]:
    """Names of the guesses that turned out to exist, after a run with a refresh."""
    gone = {step.urn for step in result.steps if step.op in {"create", "delete"}}
    return sorted(name_of(urn) for urn in mended.guesses if urn not in gone)
