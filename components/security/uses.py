"""What a function uses of its environment's catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.function.args import FunctionArgs


def uses_of(args: FunctionArgs) -> Mapping[tuple[str, str], Sequence[str]]:
    """Everything that a function needs of the catalogue: its grants, the queues it takes from, its secrets.

    Returns:
        Kind and name to the verbs, sorted.
    """
    wanted: dict[tuple[str, str], set[str]] = {}
    for grant in args.grants:
        wanted.setdefault((grant.kind, grant.name), set()).update(grant.verbs)
    for event in args.queues:
        wanted.setdefault(("queue", event.queue), set()).add("receive")
    for secret in args.secrets:
        wanted.setdefault(("secret", secret.secret), set()).add("read")
    return {key: sorted(verbs) for key, verbs in sorted(wanted.items())}
