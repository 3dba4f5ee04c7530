"""What runs in an environment: the stack's outputs and state, checked against AWS."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from typing import TYPE_CHECKING, Any

import botocore.exceptions

from slipway.aws.clients import error_code, message_of, unreached
from slipway.core.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.aws.clients import Aws

NOT_CHECKED = "not checked"
_LAMBDA = "aws:lambda/function:Function"
_AT_ONCE = 16
_STATES = {"Active": "active", "Pending": "pending", "Inactive": "inactive", "Failed": "failed"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One deployed function.

    Attributes:
        name: Its name in the project.
        target: Where it runs: `lambda`.
        owner: Team that answers for it.
        url: Address of its first HTTP route or Function URL; None without.
        version: Its live version.
        memory_mb: Memory in MB; None when unknown.
        runtime: Its runtime.
        arn: ARN of its live alias.
        log_group: Name of its log group.
        last_change: When its code or settings last changed, as AWS says; None when unknown.
        status: `active`, `pending`, `inactive`, `failed: why`, `missing` or `not checked`.
        reason: Why it was not checked; None when it was.
    """

    name: str
    target: str
    owner: str
    url: str | None
    version: str | None
    memory_mb: int | None
    runtime: str | None
    arn: str
    log_group: str
    last_change: str | None = None
    status: str = NOT_CHECKED
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The entry as JSON values."""
        return dataclasses.asdict(self)


def entries(outputs: Mapping[str, Any], resources: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """The functions of a stack, by name, from its outputs and its state.

    Args:
        outputs: The stack's outputs; `functions` maps names to what is known of each.
        resources: Resources of the exported state.
    """
    state = {
        str(outputs_["arn"]): outputs_
        for resource in resources
        if resource["type"] == _LAMBDA and (outputs_ := resource.get("outputs") or {}).get("arn")
    }
    found = []
    for name, output in sorted((outputs.get("functions") or {}).items()):
        known = state.get(unqualified(str(output["arn"])), {})
        memory = known.get("memorySize")
        found.append(
            Entry(
                name=name,
                target=str(output.get("target", "lambda")),
                owner=str(output.get("owner", "unknown")),
                url=output.get("url") or None,
                version=_text(output.get("version") or known.get("version")),
                memory_mb=int(memory) if memory is not None else None,
                runtime=_text(output.get("runtime")),
                arn=str(output["arn"]),
                log_group=str(output.get("logGroup", "")),
                last_change=_text(known.get("lastModified")),
            )
        )
    return found


def find(outputs: Mapping[str, Any], name: str, environment: str) -> Mapping[str, Any]:
    """What the stack's outputs say of a function.

    Raises:
        BadInputError: It is not deployed.
    """
    functions: Mapping[str, Mapping[str, Any]] = outputs.get("functions") or {}
    if name in functions:
        return functions[name]
    deployed = ", ".join(sorted(functions)) or "none"
    raise BadInputError(
        f"{name}: not deployed in {environment}; deployed: {deployed}; what to do: `slipway up -s {environment}`"
    )


def check(aws: Aws, found: Iterable[Entry]) -> list[Entry]:
    """The same entries with status and last change as AWS says; what cannot be asked is `not checked`, and why."""
    client = aws.client("lambda")

    def ask(entry: Entry) -> Entry:
        try:
            known = client.get_function_configuration(FunctionName=unqualified(entry.arn))
        except botocore.exceptions.ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return dataclasses.replace(entry, status="missing")
            return dataclasses.replace(entry, status=NOT_CHECKED, reason=message_of(error, aws.environment, entry.name))
        except botocore.exceptions.BotoCoreError as error:
            # No call got through, which is no matter of one function: all say the same.
            return dataclasses.replace(entry, status=NOT_CHECKED, reason=unreached(error, aws.environment))
        state = str(known.get("State") or "unknown")
        status = _STATES.get(state, state.lower())
        if known.get("LastUpdateStatus") == "Failed":
            status = f"failed: {known.get('LastUpdateStatusReason', 'the last update failed')}"
        return dataclasses.replace(
            entry,
            status=status,
            memory_mb=known.get("MemorySize", entry.memory_mb),
            last_change=_text(known.get("LastModified")) or entry.last_change,
        )

    with concurrent.futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(ask, found))


def unqualified(arn: str) -> str:
    """A function's ARN without its alias or version."""
    return ":".join(arn.split(":")[:7])


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
