"""What functions ask of the catalogue of an environment, and whether it is there for their target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.core.catalogue import KINDS
from slipway.core.egress import own_egress
from slipway.core.explain import Mistake, known, nearest
from slipway.core.placed import IN, Found
from slipway.core.settings_parts import is_in_cluster
from slipway.core.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.core.document import PropertyPath
    from slipway.core.loaded import LoadedFunction
    from slipway.core.placed import Environment

_Wanted = tuple["PropertyPath", str, str]


def missing_entries(function: LoadedFunction, here: Environment) -> Iterator[Found]:
    """What a function uses and the catalogue of an environment does not have.

    Args:
        function: The function.
        here: The environment.
    """
    for path, kind, name in wanted(function):
        entries = here.settings.catalogue(kind)
        if name in entries or here.refused.touches(("resources", kind, name)):
            continue
        # The name of a secret is not repeated under `secrets`: somebody may have written the secret itself there.
        hidden = path[0] == "secrets"
        what = f"secrets.{path[1]} names a secret that" if hidden else f"{kind} {name!r}"
        close = "" if hidden else nearest(name, entries)
        mistake = Mistake(
            path=path,
            rule="not-in-catalogue",
            message=f"{what} is not in the catalogue of {IN}{close}",
            remedy=f"add it under slipway:resources.{kind}; there: {known(entries)}",
        )
        yield Found(function.name, mistake, other=("resources", kind))


def missing_parts(function: LoadedFunction, here: Environment) -> Iterator[Found]:
    """What entries of the catalogue do not say, but the target of a function that uses them needs.

    Args:
        function: The function.
        here: The environment.
    """
    target = function.target_in(here.settings)
    for path, kind, name in wanted(function):
        place = ("resources", kind, name)
        entry = here.settings.catalogue(kind).get(name)
        if entry is None or here.refused.touches(place):
            continue
        shown = f"the secret of secrets.{path[1]}" if path[0] == "secrets" else f"{kind} {name!r}"
        missing = _missing(entry, kind, target, called=path[0] == "events")
        if missing:
            mistake = Mistake(
                path=path,
                rule="not-for-target",
                message=f"{shown} has no {missing} for functions on {TARGETS[target]} in {IN}",
                remedy=f"add {missing} to its entry there, or run the function on {_other(target)}",
            )
            yield Found(function.name, mistake, other=place)
        elif target == "knative" and _unreachable(entry):
            mistake = Mistake(
                path=path,
                rule="no-egress",
                message=f"{shown} cannot be reached on Knative: its entry has no egress in {IN}",
                remedy="add egress with its addresses and ports; pods connect to nothing else",
            )
            yield Found(function.name, mistake, other=place)


def _missing(entry: Any, kind: str, target: str, *, called: bool) -> str:
    """The key that an entry lacks for a target; empty when it has what that needs."""
    if kind == "service" or getattr(entry, "create", None):
        return ""
    if target == "lambda":
        return "arn" if entry.arn is None else ""
    if kind == "queue" and called:
        return "create: true"
    part = "kubernetes" if kind == "secret" else "address"
    return part if getattr(entry, part) is None else ""


def _unreachable(entry: Any) -> bool:
    """Whether an address is given, but neither it nor `egress` says where that is."""
    address = getattr(entry, "address", None)
    return address is not None and not entry.egress and not own_egress(address) and not is_in_cluster(address)


def wanted(function: LoadedFunction) -> Iterator[_Wanted]:
    """What a function uses of the catalogue: path in its manifest, kind and name."""
    manifest = function.manifest
    for index, event in enumerate(manifest.events):
        if event.queue is not None:
            yield ("events", index, "queue", "name"), "queue", event.queue.name
    for index, use in enumerate(manifest.uses):
        if use.kind in KINDS:
            yield ("uses", index, use.kind), use.kind, use.name
    for variable, reference in manifest.secrets.items():
        yield ("secrets", variable), "secret", reference.partition("/")[0]


def _other(target: str) -> str:
    return next(shown for name, shown in TARGETS.items() if name != target)


def queue_mistakes(functions: Mapping[str, LoadedFunction], here: Environment) -> Iterator[Found]:
    """A queue that the environment makes lives on one target, so all who work with it must run there."""
    first: dict[str, tuple[str, str]] = {}
    entries = here.settings.catalogue("queue")
    for name, function in functions.items():
        target = function.target_in(here.settings)
        for path, kind, queue in wanted(function):
            if kind != "queue" or queue not in entries or not entries[queue].create:
                continue
            owner, owners_target = first.setdefault(queue, (name, target))
            if owners_target != target:
                mistake = Mistake(
                    path=path,
                    rule="queue-on-both-targets",
                    message=f"queue {queue!r} is made for {TARGETS[owners_target]} by function {owner!r} in {IN}, and "
                    f"this function runs on {TARGETS[target]}",
                    remedy="run both on one target, or adopt a queue with arn and address that both can reach",
                )
                yield Found(name, mistake, other=("resources", "queue", queue))
