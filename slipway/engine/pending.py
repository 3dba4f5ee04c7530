"""Settles creations that were interrupted: the state says "creating", and only AWS knows what came of it."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

import tenacity

from slipway.aws.clients import readable_errors
from slipway.engine.finders import KNOWN_TYPES, Wanted, find
from slipway.engine.steps import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.aws.clients import Aws

CREATING = "creating"
_LOCAL_TYPES = "pulumi:"
# A call that was under way when the provider died may take effect a little later.
_LOOK_TWICE_S = 2.0
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
    """

    state: dict[str, Any]
    said: tuple[str, ...]


def pending_in(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The operations of an exported state that were begun and not recorded as done."""
    found: list[dict[str, Any]] = (state.get("deployment") or {}).get("pending_operations") or []
    return found


def settle(state: Mapping[str, Any], aws: Aws) -> Settled:
    """Put what was created, or may have been, under the state's control; a refresh then drops what does not exist.

    Args:
        state: Exported state, not changed.
        aws: The environment's account, which is asked for ids that do not follow from the inputs.

    Raises:
        EngineError: AWS cannot be asked.
    """
    settled = copy.deepcopy(dict(state))
    deployment = settled["deployment"]
    resources: list[dict[str, Any]] = deployment.setdefault("resources", [])
    said: list[str] = []
    for operation in deployment.pop("pending_operations", None) or []:
        resource = operation["resource"]
        name = f"{name_of(resource['urn'])} ({resource['type']})"
        if operation["type"] != CREATING:
            said.append(f"{name}: was interrupted while {operation['type']}; it is looked at again")
        elif resource["type"].startswith(_LOCAL_TYPES):
            said.append(f"{name}: is made anew")
        elif resource["type"] not in KNOWN_TYPES:
            said.append(
                f"{name}: was interrupted while being created; not checked whether it exists (unknown type), "
                "look for it by hand if the update says so"
            )
        else:
            said.append(f"{name}: {_take_over(resources, resource, aws)}")
    return Settled(state=settled, said=tuple(said))


def _take_over(resources: list[dict[str, Any]], resource: dict[str, Any], aws: Aws) -> str:
    taken = frozenset(str(other["id"]) for other in resources if other["type"] == resource["type"] and other.get("id"))
    wanted = Wanted(type=resource["type"], inputs=resource.get("inputs") or {}, taken=taken)
    with readable_errors(name_of(resource["urn"]), name_of(resource["urn"])):
        found = _look(aws, wanted)
    if found is None:
        return "its creation was interrupted and it does not exist; it is created again"
    if found in taken and _live(resources, resource["urn"]) is not None:
        return "its creation was interrupted after it had been recorded; nothing to do"
    insert(resources, resource, found)
    return "its creation was interrupted; taken over if it exists"


def insert(resources: list[dict[str, Any]], resource: dict[str, Any], found: str) -> None:
    """Add a resource to a state the way the engine records a creation: a predecessor then awaits its deletion.

    Args:
        resources: Resources of the state, changed in place.
        resource: The resource without an id and outputs.
        found: Its id.
    """
    inputs = resource.get("inputs") or {}
    outputs = {**inputs, "id": found}
    if resource["type"] in _SCHEMA_VERSIONS:
        outputs["__meta"] = f'{{"schema_version":"{_SCHEMA_VERSIONS[resource["type"]]}"}}'
    created = {**resource, "id": found, "outputs": outputs}
    before = _live(resources, resource["urn"])
    if before is None:
        resources.append(created)
        return
    old = resources[before]
    if old.get("id") in (None, "", found) or old.get("pendingReplacement"):
        resources[before] = created
        return
    # Deletions of the replaced are recorded after everything that lives.
    resources[before] = created
    resources.append({**old, "delete": True})


@tenacity.retry(
    retry=tenacity.retry_if_result(lambda found: found is None),
    wait=tenacity.wait_fixed(_LOOK_TWICE_S),
    stop=tenacity.stop_after_attempt(2),
    retry_error_callback=lambda _: None,
)
def _look(aws: Aws, wanted: Wanted) -> str | None:
    return find(aws, wanted)


def _live(resources: list[dict[str, Any]], urn: str) -> int | None:
    """Index of the resource with a URN that does not await deletion."""
    return next(
        (index for index, other in enumerate(resources) if other["urn"] == urn and not other.get("delete")), None
    )
