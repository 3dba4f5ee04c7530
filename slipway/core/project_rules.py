"""What must hold between functions, and between functions and the environments that deploy them."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from slipway.core.events import SMALL_BATCH
from slipway.core.explain import Mistake, known, nearest, to_finding
from slipway.core.findings import Finding, Severity
from slipway.core.function_rules import VARIABLES_LIMIT, size_of
from slipway.core.spec import variables_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slipway.core.document import Document, PathSet
    from slipway.core.loaded import LoadedFunction
    from slipway.core.settings import Settings

_IN = "{environments}"
_PARAMETER = re.compile(r"\{[^{}+]*(\+?)\}")
_PRIVATE_REGISTRY = re.compile(r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/.+")

_Found = tuple[str, Mistake]


@dataclasses.dataclass(frozen=True, slots=True)
class Environment:
    """An environment as far as its file could be used.

    Attributes:
        settings: Its settings.
        document: Where they stand.
        refused: Properties that were wrong and are missing in the settings.
    """

    settings: Settings
    document: Document
    refused: PathSet


def project_findings(
    functions: Mapping[str, LoadedFunction], environments: Mapping[str, Environment], names: Sequence[str]
) -> list[Finding]:
    """What is wrong between functions and environments; the same mistake in several environments is one finding.

    Args:
        functions: Functions by name, as far as their manifests could be used.
        environments: Environments by name, as far as their settings could be used.
        names: Names of all functions, those included whose manifests could not be used.
    """
    where: dict[_Found, list[str]] = defaultdict(list)
    for environment, here in sorted(environments.items()):
        deployed = {name: function for name, function in sorted(functions.items()) if here.settings.deploys(name)}
        for found in dict.fromkeys(_mistakes(deployed, here)):
            where[found].append(environment)
    findings = []
    for (name, mistake), affected in where.items():
        message = mistake.message.replace(_IN, ", ".join(affected))
        only = affected[0] if len(affected) == 1 else None
        worded = dataclasses.replace(mistake, message=message)
        findings.append(to_finding(functions[name].positions, worded, function=name, environment=only))
    return findings + list(_override_findings(environments, names))


def _mistakes(functions: Mapping[str, LoadedFunction], here: Environment) -> Iterator[_Found]:
    for name, function in functions.items():
        for mistake in (
            *_catalogue(function, here),
            *_events(function, here),
            *_variables(function, here.settings),
            *_image(function, here.settings),
        ):
            yield name, mistake
    yield from _routes(functions)
    yield from _cors(functions)
    yield from _consumers(functions)


def _catalogue(function: LoadedFunction, here: Environment) -> Iterator[Mistake]:
    manifest, settings = function.manifest, here.settings
    wanted: list[tuple[tuple[str | int, ...], str, str]] = []
    for index, event in enumerate(manifest.events):
        if event.queue is not None:
            wanted.append((("events", index, "queue", "name"), "queue", event.queue.name))
    wanted.extend((("uses", index, use.kind), use.kind, use.name) for index, use in enumerate(manifest.uses))
    for path, kind, name in wanted:
        entries = settings.catalogue(kind)
        if name not in entries and not here.refused.touches(("resources", kind, name)):
            yield Mistake(
                path=path,
                rule="not-in-catalogue",
                message=f"{kind} {name!r} is not in the catalogue of {_IN}{nearest(name, entries)}",
                remedy=f"add it under slipway:resources.{kind}; there: {known(entries)}",
            )
    secrets = settings.catalogue("secret")
    for variable, reference in manifest.secrets.items():
        name = reference.partition("/")[0]
        if name not in secrets and not here.refused.touches(("resources", "secret", name)):
            # The name is not repeated: somebody may have written the secret itself.
            yield Mistake(
                path=("secrets", variable),
                rule="not-in-catalogue",
                message=f"secrets.{variable} names no secret in the catalogue of {_IN}",
                remedy=f"add it under slipway:resources.secret; there: {known(secrets)}",
            )


def _events(function: LoadedFunction, here: Environment) -> Iterator[Mistake]:
    settings = here.settings
    no_issuer = settings.http.tokens is None and not here.refused.touches(("http", "tokens"))
    for index, event in enumerate(function.manifest.events):
        public = event.http is not None and event.http.visibility == "public"
        if event.http is not None and public and event.http.auth == "token" and no_issuer:
            yield Mistake(
                path=("events", index, "http", "auth"),
                rule="no-token-issuer",
                message=f"events[{index}].http.auth is token, but {_IN} has no issuer",
                remedy="set slipway:http.tokens there, or use iam",
            )
        queue = settings.catalogue("queue").get(event.queue.name) if event.queue else None
        if event.queue is None or queue is None:
            continue
        if queue.is_fifo and (event.queue.batch > SMALL_BATCH or event.queue.window > 0):
            yield Mistake(
                path=("events", index, "queue"),
                rule="fifo-batch",
                message=f"events[{index}].queue takes more than a FIFO queue gives in {_IN}",
                remedy=f"set batch to at most {SMALL_BATCH} and remove window",
            )
        if queue.arn is not None:
            yield Mistake(
                path=("events", index, "queue"),
                rule="queue-visibility",
                message=f"the visibility timeout of queue {event.queue.name!r} in {_IN} is not checked",
                remedy=f"it must be at least the function's timeout, {function.manifest.timeout} seconds",
                severity=Severity.INFO,
            )


def _variables(function: LoadedFunction, settings: Settings) -> Iterator[Mistake]:
    size = size_of(variables_in(function, settings))
    if size > VARIABLES_LIMIT >= size_of(function.manifest.variables):
        yield Mistake(
            path=("environment",),
            rule="variables-size",
            message=f"environment has {size} bytes with that of {_IN}, Lambda takes {VARIABLES_LIMIT}",
            remedy="shorten it",
            at_key=True,
        )


def _image(function: LoadedFunction, settings: Settings) -> Iterator[Mistake]:
    image = function.manifest.image if function.manifest.runtime == "container" else None
    if image is not None and settings.aws.endpoint is None and not _PRIVATE_REGISTRY.fullmatch(image):
        yield Mistake(
            path=("image",),
            rule="image-registry",
            message=f"image must lie in a private ECR registry for Lambda in {_IN}",
            remedy="push it there; Lambda pulls from nowhere else",
        )


def _routes(functions: Mapping[str, LoadedFunction]) -> Iterator[_Found]:
    """Two routes that answer the same request; internal ones have an address for each function."""
    owners: dict[tuple[str, str], dict[str, tuple[str, int]]] = defaultdict(dict)
    for name, function in functions.items():
        for index, event in enumerate(function.manifest.events):
            route = event.http
            if route is None:
                continue
            entry = "" if route.visibility == "public" else name
            taken = owners[entry, _PARAMETER.sub(r"{\1}", route.path)]
            same = [m for m in taken if m in route.methods or "ANY" in {m, *route.methods}]
            if same:
                owner, number = taken[same[0]]
                place = functions[owner].positions
                mark = place.mark(("events", number))
                yield (
                    name,
                    Mistake(
                        path=("events", index, "http", "path"),
                        rule="duplicate-route",
                        message=f"{','.join(route.methods)} {route.path} is already a route of function {owner!r} "
                        f"({place.file}:{mark.line}:{mark.column})",
                        remedy="change the path or the methods of one",
                    ),
                )
            for method in route.methods:
                taken.setdefault(method, (name, index))


def _cors(functions: Mapping[str, LoadedFunction]) -> Iterator[_Found]:
    """Public routes share one HTTP API, which has one set of cross-origin rules."""
    first = None
    for name, function in functions.items():
        for index, event in enumerate(function.manifest.events):
            route = event.http
            if route is None or route.cors is None or route.visibility != "public":
                continue
            first = first or (name, route.cors)
            if route.cors != first[1]:
                yield (
                    name,
                    Mistake(
                        path=("events", index, "http", "cors"),
                        rule="different-cors",
                        message=f"events[{index}].http.cors differs from that of function {first[0]!r} in {_IN}",
                        remedy="make them equal; all public routes of an environment share one set of rules",
                    ),
                )


def _consumers(functions: Mapping[str, LoadedFunction]) -> Iterator[_Found]:
    consumers: dict[str, str] = {}
    for name, function in functions.items():
        for index, event in enumerate(function.manifest.events):
            if event.queue is None:
                continue
            owner = consumers.setdefault(event.queue.name, name)
            if owner != name:
                yield (
                    name,
                    Mistake(
                        path=("events", index, "queue"),
                        rule="shared-queue",
                        message=f"queue {event.queue.name!r} also calls function {owner!r}: each gets a part",
                        remedy="give each its own queue, unless that is meant",
                        severity=Severity.WARNING,
                    ),
                )


def _override_findings(environments: Mapping[str, Environment], names: Sequence[str]) -> Iterator[Finding]:
    for environment, here in environments.items():
        for name in here.settings.functions:
            if name not in names:
                mistake = Mistake(
                    path=("functions", name),
                    rule="unknown-function",
                    message=f"slipway:functions names {name!r}, which is no function{nearest(name, names)}",
                    remedy=f"functions: {known(names)}",
                    at_key=True,
                )
                yield to_finding(here.document, mistake, environment=environment)
