"""What the functions of an environment tell about it before it is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from components.environment_args import CatalogueEntry, EnvironmentArgs
from components.errors import InputError
from components.function.args import Cors, FunctionArgs
from components.security.grants import FUNCTION
from components.security.uses import uses_of


def target_of(function: FunctionArgs, environment: EnvironmentArgs) -> str:
    """The target of a function: its own, else that of its environment."""
    return function.target or environment.target


def serving(args: EnvironmentArgs, functions: Mapping[str, FunctionArgs]) -> EnvironmentArgs:
    """The same environment with everything that only its functions tell.

    Args:
        args: The environment as its operators describe it.
        functions: All functions of the environment, by name.

    Raises:
        InputError: Public routes have different cross-origin rules, which one HTTP API cannot have, or a queue that the
            environment makes is used on both targets.
    """
    targets = {name: target_of(function, args) for name, function in functions.items()}
    on_lambda = {name: function for name, function in functions.items() if targets[name] == "lambda"}
    knative = {name: function for name, function in functions.items() if targets[name] == "knative"}
    on_knative = list(knative.values())
    public = [
        (name, route) for name, function in on_lambda.items() for route in function.http if route.visibility == "public"
    ]
    makers, mistakes = _makers(args, functions, targets)
    rules, different = _cors((name, route.cors) for name, route in public)
    if found := [*different, *mistakes]:
        raise InputError(found)
    return dataclasses.replace(
        args,
        targets=tuple(sorted(set(targets.values()))),
        public_http=bool(public),
        cors=rules,
        shipped=tuple(sorted({name for function in on_lambda.values() for name in function.sinks})),
        knative_sinks=_users(knative),
        knative_bus=any(function.schedules or function.events for function in on_knative),
        knative_events=any(function.schedules or function.events or function.queues for function in on_knative),
        catalogue=(
            *(_consumed(entry, functions.values(), makers) for entry in args.catalogue if not _is_called(entry)),
            *_called(functions, targets),
        ),
    )


def _is_called(entry: CatalogueEntry) -> bool:
    """Whether an earlier call of `serving` added it."""
    return entry.kind == FUNCTION and entry.made_on is not None


def _called(functions: Mapping[str, FunctionArgs], targets: Mapping[str, str]) -> list[CatalogueEntry]:
    """Functions that others use; nothing of a function has to exist for that, because its name says its address."""
    used = {name for function in functions.values() for kind, name in uses_of(function) if kind == FUNCTION}
    return [CatalogueEntry(kind=FUNCTION, name=name, made_on=targets[name]) for name in sorted(used & set(functions))]


def _users(functions: Mapping[str, FunctionArgs]) -> Mapping[str, Sequence[str] | None]:
    """Sinks to the names of the functions that use them; None for all functions, so that a new one changes nothing."""
    found: dict[str, list[str]] = {}
    for name, function in sorted(functions.items()):
        for sink in function.sinks:
            found.setdefault(sink, []).append(name)
    return {sink: None if len(names) == len(functions) else names for sink, names in sorted(found.items())}


def _cors(rules: Iterable[tuple[str, Cors | None]]) -> tuple[Cors | None, list[str]]:
    given = [(name, cors) for name, cors in rules if cors is not None]
    if different := [name for name, cors in given if cors != given[0][1]]:
        message = (
            f"Function {different[0]!r}: cors of its public route differs from that of function {given[0][0]!r}; "
            "all public routes of an environment share one HTTP API and so one set of rules, make them equal"
        )
        return None, [message]
    return (given[0][1] if given else None), []


def _makers(
    args: EnvironmentArgs, functions: Mapping[str, FunctionArgs], targets: Mapping[str, str]
) -> tuple[Mapping[str, str], list[str]]:
    """On which target each queue is made that the environment makes: where the functions are that use it."""
    users: dict[str, dict[str, str]] = {}
    for name, function in functions.items():
        for kind, queue in uses_of(function):
            if kind == "queue":
                users.setdefault(queue, {}).setdefault(targets[name], name)
    mistakes = [
        f"Environment {args.environment!r}: queue {entry.name!r}, which it makes, is used on two targets, by "
        + " and ".join(f"function {users[entry.name][target]!r} on {target}" for target in sorted(users[entry.name]))
        + ", where it would be two queues; move these functions to one target"
        for entry in args.catalogue
        if entry.kind == "queue" and entry.create and len(users.get(entry.name, ())) > 1
    ]
    return {queue: next(iter(found)) for queue, found in users.items()}, mistakes


def _consumed(entry: CatalogueEntry, functions: Iterable[FunctionArgs], makers: Mapping[str, str]) -> CatalogueEntry:
    """A queue with what those who take its messages need of it; everything else as it is."""
    if entry.kind != "queue":
        return entry
    taken = [(function, event) for function in functions for event in function.queues if event.queue == entry.name]
    return dataclasses.replace(
        entry,
        consumer_timeout_s=max((function.timeout_s for function, _ in taken), default=None),
        consumer_window_s=max((event.window_s for _, event in taken), default=0),
        made_on=makers.get(entry.name) if entry.create else None,
    )
