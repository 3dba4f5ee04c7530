"""What the program would create now: after a run that did not end well, some of it may exist already.

A provider that is killed in the middle of a creation leaves no trace in the state: the engine records a failure. Names
are deterministic, so what it had created can be found and taken over instead of being created twice.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from pulumi.automation import OpType
from pulumi.automation.errors import CommandError

from slipway.engine.steps import SIGNATURE_KEY

if TYPE_CHECKING:
    from pulumi.automation import Stack
    from pulumi.automation.events import EngineEvent

# The engine's placeholder for what is known only after a creation.
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_DROPPED = object()


def planned_creations(stack: Stack, *, refresh: bool = False) -> list[dict[str, Any]]:
    """Resources that a preview would create, in the engine's order, as a state would hold them without ids.

    Inputs that are secret or not known yet are left out; an update brings them in. A preview that fails has shown some:
    the update that follows fails in the same way and says why, and the next one looks again.

    Args:
        stack: The stack.
        refresh: Whether to compare the state with what exists first: Kubernetes previews a change by trying it out on
            the object, which fails where the state holds one that is gone.
    """
    found: dict[str, dict[str, Any]] = {}

    def on_event(event: EngineEvent) -> None:
        step = event.resource_pre_event.metadata if event.resource_pre_event else None
        if step is None or step.op != OpType.CREATE or step.new is None:
            return
        found[step.urn] = {
            "urn": step.urn,
            "custom": bool(step.new.custom),
            "type": step.type,
            "inputs": _known(step.new.inputs or {}),
            "parent": step.new.parent,
            "provider": step.new.provider or step.provider,
        }

    with contextlib.suppress(CommandError):
        stack.preview(on_event=on_event, refresh=refresh, color="never")
    return [{key: value for key, value in resource.items() if value != ""} for resource in found.values()]


def _known(value: Any) -> Any:
    """A value without what is secret or unknown in it; `_DROPPED` when nothing is left."""
    if isinstance(value, str):
        return _DROPPED if _UNKNOWN in value else value
    if isinstance(value, dict):
        if SIGNATURE_KEY in value:
            return _DROPPED
        kept = {key: _known(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not _DROPPED}
    if isinstance(value, list):
        items = [_known(item) for item in value]
        return _DROPPED if _DROPPED in items else items
    return value
