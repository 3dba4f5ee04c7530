"""Settles creations that were interrupted: only AWS or the cluster knows what came of them.

What may exist is put under the state's control as a guess; a refresh, which must follow, drops what does not exist.
"""

from __future__ import annotations

import copy
import dataclasses
import time
from typing import TYPE_CHECKING, Any

from slipway.engine.finders import Wanted
from slipway.engine.steps import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.engine.clouds import Clouds

CREATING = "creating"
_LOCAL_TYPES = "pulumi:"
# A call that was under way when the provider died may take effect a little later.
_LOOK_AGAIN_S = 2.0
# Terraform runs its migrations on states without a version; what is written here has the present shape.
_SCHEMA_VERSIONS = {
    "aws:cloudwatch/eventRule:EventRule": "1",
    "aws:cloudwatch/eventTarget:EventTarget": "1",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "1",
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": "1",
    "aws:sqs/queuePolicy:QueuePolicy": "1",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settled:
    """A state without pending operations.

    Attributes:
        state: The state, to be refreshed before it is used.
        said: What was done, a line for each operation.
        guesses: URNs of what was put into the state and may not exist.
    """

    state: dict[str, Any]
    said: tuple[str, ...]
    guesses: tuple[str, ...]


def pending_in(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The operations of an exported state that were begun and not recorded as done."""
    found: list[dict[str, Any]] = (state.get("deployment") or {}).get("pending_operations") or []
    return found


def settle(state: Mapping[str, Any], clouds: Clouds, planned: Sequence[dict[str, Any]] = ()) -> Settled:
    """Put what was created, or may have been, into the state.

    Args:
        state: Exported state, not changed.
        clouds: Where the environment lives; asked for ids that do not follow from the inputs.
        planned: Resources that the program would create now and an earlier run may have created, in the engine's order,
            with `urn`, `type`, `custom`, `inputs`, `parent`, `provider`.

    Raises:
        EngineError: AWS or the cluster cannot be asked.
    """
    settled = copy.deepcopy(dict(state))
    deployment = settled["deployment"]
    resources: list[dict[str, Any]] = deployment.setdefault("resources", [])
    operations: list[dict[str, Any]] = deployment.pop("pending_operations", None) or []
    said: list[str] = []
    creating: list[dict[str, Any]] = []
    for operation in operations:
        resource = operation["resource"]
        name = f"{name_of(resource['urn'])} ({resource['type']})"
        if operation["type"] != CREATING:
            said.append(f"{name}: was interrupted while {operation['type']}; it is looked at again")
        elif not resource.get("custom") or resource["type"].startswith(_LOCAL_TYPES):
            continue  # components and providers exist in the state alone, and are made anew
        elif not clouds.know(resource["type"]):
            said.append(
                f"{name}: was interrupted while being created; not checked whether it exists, nothing here can look "
                "for it; look for it by hand if the update says that it exists"
            )
        else:
            said.append(f"{name}: was interrupted while being created; taken over if it exists")
            creating.append(resource)
    guesses = _guess(resources, creating, clouds, again=True)
    begun = {resource["urn"] for resource in creating}
    guesses += _guess(resources, [item for item in planned if item["urn"] not in begun], clouds, again=False)
    return Settled(state=settled, said=tuple(said), guesses=tuple(guesses))


def insert(
    resources: list[dict[str, Any]], resource: dict[str, Any], found: str, more: Mapping[str, Any] | None = None
) -> None:
    """Add a resource to a state the way the engine records a creation: a predecessor then awaits its deletion.

    Args:
        resources: Resources of the state, changed in place.
        resource: The resource without an id and outputs.
        found: Its id.
        more: Outputs that its inputs do not tell.
    """
    outputs = {**(resource.get("inputs") or {}), **(more or {}), "id": found}
    if resource["type"] in _SCHEMA_VERSIONS:
        outputs["__meta"] = f'{{"schema_version":"{_SCHEMA_VERSIONS[resource["type"]]}"}}'
    created = {**resource, "id": found, "outputs": outputs}
    before = _live(resources, resource["urn"])
    if before is None:
        resources.append(created)
        return
    old = resources[before]
    resources[before] = created
    if old.get("id") not in {None, "", found} and not old.get("pendingReplacement"):
        # Deletions of what was replaced are recorded after everything that lives.
        resources.append({**old, "delete": True})


def _guess(
    resources: list[dict[str, Any]], wanted: Sequence[dict[str, Any]], clouds: Clouds, *, again: bool
) -> list[str]:
    """Insert what may exist.

    Args:
        resources: Resources of the state, changed in place.
        wanted: Resources that may exist.
        clouds: Where the environment lives.
        again: Whether to look a second time, a little later, for what is not found.

    Returns:
        URNs of what was inserted.
    """
    guesses: list[str] = []
    missing: list[dict[str, Any]] = []
    for resource in wanted:
        if not _is_rooted(resources, resource):
            continue
        if not resource.get("custom", True):
            if _live(resources, resource["urn"]) is None:
                resources.append({key: value for key, value in resource.items() if key not in {"inputs", "provider"}})
        elif clouds.know(resource["type"]):
            found = _look(resources, resource, clouds)
            if found is None:
                missing.append(resource)
            else:
                insert(resources, resource, *found)
                guesses.append(resource["urn"])
    if missing and again:
        time.sleep(_LOOK_AGAIN_S)
        guesses += _guess(resources, missing, clouds, again=False)
    return guesses


def _look(
    resources: Sequence[Mapping[str, Any]], resource: Mapping[str, Any], clouds: Clouds
) -> tuple[str, dict[str, Any]] | None:
    """Id and outputs of a resource that may exist and that the state does not hold yet."""
    taken = frozenset(str(other["id"]) for other in resources if other["type"] == resource["type"] and other.get("id"))
    wanted = Wanted(type=resource["type"], inputs=resource.get("inputs") or {}, taken=taken)
    return clouds.find(wanted, name_of(resource["urn"]))


def _is_rooted(resources: Sequence[Mapping[str, Any]], resource: Mapping[str, Any]) -> bool:
    """Whether the state holds what a resource hangs on: its parent and its provider."""
    parent, provider = resource.get("parent"), resource.get("provider")
    if parent and _live(resources, parent) is None:
        return False
    if not provider:
        return True
    urn, _, id_ = provider.rpartition("::")
    index = _live(resources, urn)
    return index is not None and resources[index].get("id") == id_


def _live(resources: Sequence[Mapping[str, Any]], urn: str) -> int | None:
    """Index of the resource with a URN that does not await deletion."""
    return next(
        (index for index, other in enumerate(resources) if other["urn"] == urn and not other.get("delete")), None
    )
