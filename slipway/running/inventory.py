"""What runs in an environment: the stack's outputs, checked against the targets."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.core.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_CHECKED = "not checked"
MISSING = "missing"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One deployed function.

    Attributes:
        name: Its name in the project.
        target: Where it runs: `lambda` or `knative`.
        owner: Team that answers for it.
        url: Address of its first HTTP route or Function URL; None without.
        version: Its live version: of Lambda, or a revision.
        memory_mb: Memory in MB; None when unknown.
        runtime: Its runtime.
        arn: What names it to its target: ARN of its live alias, or namespace and name.
        log_group: Name of its log group; empty where there is none.
        last_change: When its code or settings last changed, as the target says; None when unknown.
        canary: `7 (10%)`: the version that has a part of the calls, and that part; None when all go to `version`.
        dead_letters: Number of its events that no retry could deliver; None when unknown.
        sinks: Names of the log sinks that its logs go to.
        status: `active`, `pending`, `inactive`, `failed: why`, `missing` or `not checked`.
        reason: Why something was not checked; None when all was.
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
    canary: str | None = None
    dead_letters: int | None = None
    sinks: tuple[str, ...] = ()
    status: str = NOT_CHECKED
    reason: str | None = None

    @classmethod
    def of(cls, name: str, output: Mapping[str, Any]) -> Entry:
        """What the stack's outputs say of a function; nothing is checked yet."""
        return cls(
            name=name,
            target=target_of(output),
            owner=str(output.get("owner", "unknown")),
            url=output.get("url") or None,
            version=text(output.get("version")),
            memory_mb=None,
            runtime=text(output.get("runtime")),
            arn=str(output["arn"]),
            log_group=str(output.get("logGroup") or ""),
        )

    def to_json(self) -> dict[str, Any]:
        """The entry as JSON values."""
        return dataclasses.asdict(self)


def entries(outputs: Mapping[str, Any]) -> list[Entry]:
    """The functions of a stack, by name, from its outputs."""
    return [Entry.of(name, output) for name, output in sorted((outputs.get("functions") or {}).items())]


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


def target_of(output: Mapping[str, Any]) -> str:
    """The target of a function, from the stack's outputs."""
    return str(output.get("target", "lambda"))


def text(value: Any) -> str | None:
    """A value as text; None stays None."""
    return None if value is None else str(value)
