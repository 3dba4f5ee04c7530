"""Mends what an interrupted run left: processes, locks, a broken state file, creations that nobody recorded."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from slipway.engine import checkpoints, leftovers, locks, memory, pending
from slipway.engine.backend import Backend
from slipway.engine.operations import resources_of
from slipway.engine.workspace import export_state, import_state, open_stack

if TYPE_CHECKING:
    from slipway.aws.clients import Aws
    from slipway.core.project import Project


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mended:
    """What was mended before a run.

    Attributes:
        said: What was done, a line each; empty when all was well.
        refresh: Whether the state must be compared with what exists before it is used.
        restored: Whether the state is an older copy, so that things may exist that it does not know.
    """

    said: tuple[str, ...] = ()
    refresh: bool = False
    restored: bool = False


def mend(project: Project, environment: str, aws: Aws, *, instance: str | None = None, wait_s: float = 0) -> Mended:
    """Bring a stack into a state from which a run can start.

    Args:
        project: The project.
        environment: Name of the environment.
        aws: Its account.
        instance: Which instance of the embedded AWS runs; None for the real AWS.
        wait_s: Seconds to wait for another run that holds the stack.

    Raises:
        LockedError: Another run that lives holds the stack.
        EngineError: The state cannot be mended, or AWS cannot be asked.
    """
    backend = Backend.of(project)
    said = free(project, backend, environment, wait_s)
    restored = checkpoints.restore(project, backend, environment)
    if restored:
        said.append(restored)
    known = memory.recall(project, environment)
    refresh = known.refresh or restored is not None
    stack = open_stack(project, environment, create=False)
    if stack is None:
        return Mended(said=tuple(said))
    state = export_state(stack)
    if not resources_of(state) and not pending.pending_in(state):
        return Mended(said=tuple(said), restored=restored is not None)
    if instance is not None and known.instance is not None and instance != known.instance:
        said.append("the embedded AWS is a new one; everything is compared with what exists there")
        refresh = True
    if pending.pending_in(state):
        settled = pending.settle(state, aws)
        said.extend(settled.said)
        refresh = True
        # Noted first: after the next line nothing else tells that the state holds guesses.
        memory.remember(project, environment, dataclasses.replace(known, refresh=True))
        import_state(stack, settled.state, project.local_state / f"mended-{environment}.json")
    elif refresh and not known.refresh:
        memory.remember(project, environment, dataclasses.replace(known, refresh=True))
    return Mended(said=tuple(said), refresh=refresh, restored=restored is not None)


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


def settled(project: Project, environment: str, instance: str | None) -> None:
    """Note that an update succeeded: nothing is left to compare, and which embedded AWS it went to."""
    memory.remember(project, environment, memory.Memory(instance=instance, refresh=False))
