"""What is wrong with a catalogue, whatever the target."""

from __future__ import annotations

from collections.abc import Iterator

from components.environment_args import CatalogueEntry, EnvironmentArgs
from components.security.grants import FUNCTION, VERBS


def mistakes(args: EnvironmentArgs) -> list[str]:
    """What is wrong with the catalogue, one line each; each target checks further what it uses."""
    found: list[str] = []
    seen: set[tuple[str, str]] = set()
    for entry in args.catalogue:
        who = f"Environment {args.environment!r}: {entry.kind} {entry.name!r}"
        if entry.kind not in VERBS:
            found.append(f"{who}: kind must be one of {', '.join(sorted(VERBS))}")
            continue
        if (entry.kind, entry.name) in seen:
            found.append(f"{who} is in the catalogue twice; remove one")
        seen.add((entry.kind, entry.name))
        found.extend(f"{who}: {line}" for line in _entry(entry))
    return found


def _entry(entry: CatalogueEntry) -> Iterator[str]:
    if entry.kind == FUNCTION:
        if entry.made_on is None:
            yield "functions are no entries of a catalogue; make the args with EnvironmentArgs.serving(functions)"
        return
    adopted = bool(entry.arn or entry.address or entry.kubernetes_secret)
    if entry.create == adopted:
        yield "set either create or arn (on Knative address or a Kubernetes Secret)"
    if entry.create and entry.kind != "queue":
        yield "only queues can be created, found create: true; give the arn or address of what exists"
    if entry.kind == "service" and entry.address is None:
        yield "a service needs an address; set it"
    if entry.kind == "service" and entry.arn is not None:
        yield "a service has an address and no ARN; remove arn"
