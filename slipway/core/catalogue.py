"""Kinds of resources that functions may use, what they may do with each, and how they find it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERBS: Mapping[str, Sequence[str]] = {
    "queue": ("send", "receive", "inspect"),
    "bucket": ("read", "write", "delete", "list"),
    "table": ("read", "write"),
    "topic": ("publish",),
    "secret": ("read",),
    "key": ("encrypt", "decrypt", "sign", "verify"),
    "function": ("invoke",),
    "service": ("call",),
}
"""Kind to the verbs that `can` takes; the permissions behind each are derived by the components."""

KINDS: Sequence[str] = tuple(kind for kind in VERBS if kind != "function")
"""Kinds that catalogues list; functions are known by their folders."""


@dataclasses.dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable through which a function finds a resource that it uses.

    Attributes:
        pattern: Its name, with `{}` for that of the resource.
        on_lambda: What it holds on Lambda; empty where it is not set.
        on_knative: What it holds on Knative; empty where it is not set.
    """

    pattern: str
    on_lambda: str
    on_knative: str


VARIABLES: Mapping[str, Sequence[Variable]] = {
    "queue": (
        Variable("QUEUE_{}_URL", "address of the SQS queue", "address that takes CloudEvents by POST"),
        Variable("QUEUE_{}_ARN", "its ARN", ""),
    ),
    "bucket": (
        Variable("BUCKET_{}", "its name", "its name, the last part of `address`"),
        Variable("BUCKET_{}_ENDPOINT", "", "`address` without the name"),
    ),
    "table": (
        Variable("TABLE_{}", "its name", "its name, the last part of `address`"),
        Variable("TABLE_{}_ENDPOINT", "", "`address` without the name"),
    ),
    "topic": (
        Variable("TOPIC_{}_ARN", "its ARN", ""),
        Variable("TOPIC_{}_URL", "", "`address`, which takes CloudEvents by POST"),
    ),
    "secret": (),
    "key": (
        Variable("KEY_{}_ARN", "its ARN", ""),
        Variable("KEY_{}_URL", "", "`address`"),
    ),
    "function": (
        Variable("FUNCTION_{}_ARN", "ARN of its alias `live`", ""),
        Variable("FUNCTION_{}_URL", "", "its address in the cluster, without a path"),
    ),
    "service": (
        Variable("SERVICE_{}_URL", "`address`", "`address`"),
        Variable("SERVICE_{}_SECRET", "the value of `secret`, if the entry has one", "the same"),
    ),
}
"""Kind to the variables that are set for a function which uses a resource of it, on both targets."""


def variables(kind: str, name: str) -> list[str]:
    """Names of the environment variables through which a function finds a resource that it uses."""
    return [variable.pattern.format(name.upper().replace("-", "_")) for variable in VARIABLES[kind]]


def secret_variable(service: str) -> str:
    """Name of the variable that holds the secret of a service."""
    return f"SERVICE_{service.upper().replace('-', '_')}_SECRET"
