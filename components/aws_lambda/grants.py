"""Turns verbs on resources into statements with exact actions and exact ARNs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import pulumi

from components.aws_lambda.arns import Arns
from components.aws_lambda.policies import Statement, allow
from components.security.grants import INSIDE, SERVICES, VERBS


@dataclasses.dataclass(frozen=True, slots=True)
class Resource:
    """An entry of the catalogue as it really is.

    Attributes:
        kind: Kind in the catalogue.
        name: Name in the catalogue.
        arn: Its ARN.
        url: Address of a queue; empty for other kinds.
        key_arn: The key that encrypts it; None when AWS owns that key.
        fifo: Whether a queue keeps the order of messages.
        visibility_s: Seconds for which a queue hides a message that was handed out; None when it was adopted.
        made: What must exist before anything uses it.
    """

    kind: str
    name: str
    arn: str
    url: str = ""
    key_arn: pulumi.Input[str] | None = None
    fifo: bool = False
    visibility_s: int | None = None
    made: Sequence[pulumi.Resource] = ()


def statements(resource: Resource, verbs: Iterable[str]) -> list[Statement]:
    """Statements that permit exactly these verbs on exactly this resource, its key not included.

    Args:
        resource: What is used.
        verbs: Verbs of its kind in `VERBS`.
    """
    chosen = [VERBS[resource.kind][verb] for verb in verbs]
    itself = sorted({action for verb in chosen for action in verb.actions})
    inside = sorted({action for verb in chosen for action in verb.inside})
    made = []
    if itself:
        made.append(allow(itself, [resource.arn]))
    if inside:
        made.append(allow(inside, [resource.arn + INSIDE[resource.kind]]))
    return made


def key_uses(resource: Resource, verbs: Iterable[str]) -> Sequence[str]:
    """Actions on the resource's key that these verbs need; empty when the resource has no key of ours."""
    if resource.key_arn is None:
        return ()
    return sorted({action for verb in verbs for action in VERBS[resource.kind][verb].key_actions})


def key_statement(arns: Arns, key_arn: str, kind: str, actions: Sequence[str]) -> Statement:
    """Permits these actions on a key, only when the service of that kind of resource asks."""
    return allow(actions, [key_arn], conditions={"StringEquals": {"kms:ViaService": arns.via(SERVICES[kind])}})
