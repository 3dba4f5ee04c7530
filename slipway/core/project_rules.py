"""What must hold between functions, and between functions and the environments that deploy them."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from slipway.core.call_rules import called_functions
from slipway.core.catalogue_rules import missing_entries, missing_parts, queue_mistakes
from slipway.core.environment_rules import environment_findings, unfit_settings
from slipway.core.events import SMALL_BATCH
from slipway.core.explain import Mistake, known
from slipway.core.findings import Finding, Severity
from slipway.core.placed import IN, Found, to_findings
from slipway.core.settings_knative import EMBEDDED_RUNTIME
from slipway.core.sink_rules import function_sinks
from slipway.core.spec import variables_in
from slipway.core.target_rules import target_mistakes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slipway.core.loaded import LoadedFunction
    from slipway.core.placed import Environment
    from slipway.core.settings import Settings

_PARAMETER = re.compile(r"\{[^{}+]*(\+?)\}")
_PRIVATE_REGISTRY = re.compile(r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/.+")
# AWS Lambda quotas: all environment variables of a function together, in bytes.
_VARIABLES_LIMIT = 4096
# What Slipway adds itself (target, source, addresses of resources, references to secrets) needs room too.
_VARIABLES_ADVISED = 3072
# What ends the registry's own name for the check above; the function's name follows.
_ANY = "x"


def project_findings(
    functions: Mapping[str, LoadedFunction], environments: Mapping[str, Environment], names: Sequence[str]
) -> list[Finding]:
    """What is wrong between functions and environments; the same mistake in several environments is one finding.

    Args:
        functions: Functions by name, as far as their manifests could be used.
        environments: Environments by name, as far as their settings could be used.
        names: Names of all functions, those included whose manifests could not be used.
    """
    found: dict[str, list[Found]] = {}
    findings: list[Finding] = []
    for environment, here in sorted(environments.items()):
        deployed = {name: function for name, function in sorted(functions.items()) if here.settings.deploys(name)}
        found[environment] = [*_mistakes(deployed, here), *called_functions(deployed, here, names)]
        findings += unfit_settings(deployed, here)
    return [
        *to_findings(found, functions, environments),
        *findings,
        *environment_findings(environments, functions, names),
    ]


def _mistakes(functions: Mapping[str, LoadedFunction], here: Environment) -> Iterator[Found]:
    for function in functions.values():
        yield from missing_entries(function, here)
    if here.refused.touches(("target",)):
        return  # where functions run is not known, and so is what they can do there
    for name, function in functions.items():
        yield from target_mistakes(function, here)
        yield from missing_parts(function, here)
        yield from function_sinks(function, here)
        for mistake in (*_events(function, here), *_code(function, here)):
            yield Found(name, mistake)
    on_lambda = {name: f for name, f in functions.items() if f.target_in(here.settings) == "lambda"}
    for name, function in on_lambda.items():
        for mistake in _variables(function, here.settings):
            yield Found(name, mistake)
    yield from _routes(functions, here.settings)
    yield from _cors(on_lambda)
    yield from _consumers(functions, here.settings)
    yield from queue_mistakes(functions, here)


def _events(function: LoadedFunction, here: Environment) -> Iterator[Mistake]:
    settings = here.settings
    target = function.target_in(settings)
    no_issuer = settings.http.tokens is None and not here.refused.touches(("http", "tokens"))
    for index, event in enumerate(function.manifest.events):
        # Internal routes on Lambda take no tokens at all, which is said as such.
        checks = event.http is not None and (target == "knative" or event.http.visibility == "public")
        if event.http is not None and checks and event.http.auth == "token" and no_issuer:
            yield Mistake(
                path=("events", index, "http", "auth"),
                rule="no-token-issuer",
                message=f"events[{index}].http.auth is token, but {IN} has no issuer",
                remedy="set slipway:http.tokens there, or choose another auth",
            )
        internal = event.http is not None and event.http.visibility == "internal" and target == "lambda"
        if event.http is not None and internal and event.http.cors is not None and "*" in event.http.cors.origins:
            yield Mistake(
                path=("events", index, "http", "cors", "origins"),
                rule="any-origin",
                message=f"events[{index}].http.cors lets pages of any origin use a caller's signature in {IN}",
                remedy="name the origins",
            )
        queue = settings.catalogue("queue").get(event.queue.name) if event.queue else None
        if event.queue is None or queue is None or target != "lambda":
            continue
        if queue.is_fifo and (event.queue.batch > SMALL_BATCH or event.queue.window > 0):
            yield Mistake(
                path=("events", index, "queue"),
                rule="fifo-batch",
                message=f"events[{index}].queue takes more than a FIFO queue gives in {IN}",
                remedy=f"set batch to at most {SMALL_BATCH} and remove window",
            )
        if queue.arn is not None:
            yield Mistake(
                path=("events", index, "queue"),
                rule="queue-visibility",
                message=f"the visibility timeout of queue {event.queue.name!r} in {IN} is not checked",
                remedy=f"it must be at least the function's timeout, {function.manifest.timeout} seconds",
                severity=Severity.INFO,
            )


def _variables(function: LoadedFunction, settings: Settings) -> Iterator[Mistake]:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables_in(function, settings).items())
    if size > _VARIABLES_ADVISED:
        yield Mistake(
            path=("envs",) if function.manifest.envs else ("environment",),
            rule="variables-size",
            message=f"environment has {size} bytes in {IN}, Lambda takes {_VARIABLES_LIMIT} with what Slipway adds",
            remedy="put big values into files or a secret",
            severity=Severity.ERROR if size > _VARIABLES_LIMIT else Severity.WARNING,
            at_key=True,
        )


def _code(function: LoadedFunction, here: Environment) -> Iterator[Mistake]:
    """Images must lie where the target can pull them, and Python needs a base there."""
    manifest, settings = function.manifest, here.settings
    target = function.target_in(settings)
    if target == "lambda" and manifest.runtime == "container":
        yield from _ecr_image(function, settings)
    knative = settings.knative
    if target != "knative" or knative is None or manifest.runtime == "container":
        return
    if manifest.runtime not in knative.base and not (knative.embedded and manifest.runtime == EMBEDDED_RUNTIME):
        yield Mistake(
            path=("runtime",),
            rule="no-base-image",
            message=f"runtime {manifest.runtime} has no base image in {IN}",
            remedy=f"add it under slipway:images.base; there: {known([*knative.base])}",
        )


def _ecr_image(function: LoadedFunction, settings: Settings) -> Iterator[Mistake]:
    image, embedded = function.manifest.image, settings.aws is None or settings.aws.endpoint is not None
    if image is not None:
        if not embedded and not _PRIVATE_REGISTRY.fullmatch(image):
            yield Mistake(
                path=("image",),
                rule="image-registry",
                message=f"image must lie in a private ECR registry for Lambda in {IN}",
                remedy="push it there; Lambda pulls from nowhere else",
            )
    elif function.containerfile is None:
        return
    elif settings.registry is None or not (embedded or _PRIVATE_REGISTRY.fullmatch(f"{settings.registry}/{_ANY}")):
        yield Mistake(
            path=("runtime",),
            rule="image-registry",
            message=f"slipway:registry of {IN} must be a private ECR registry for the image of {function.name!r}",
            remedy="set it to <account>.dkr.ecr.<region>.amazonaws.com/<path>; Lambda pulls from nowhere else",
        )


def _routes(functions: Mapping[str, LoadedFunction], settings: Settings) -> Iterator[Found]:
    """Two routes that answer the same request; only public ones on Lambda share an address with other functions."""
    owners: dict[tuple[str, str], dict[str, tuple[str, int]]] = defaultdict(dict)
    for name, function in functions.items():
        shared = function.target_in(settings) == "lambda"
        for index, event in enumerate(function.manifest.events):
            route = event.http
            if route is None:
                continue
            entry = "" if shared and route.visibility == "public" else name
            taken = owners[entry, _PARAMETER.sub(r"{\1}", route.path)]
            same = [m for m in taken if m in route.methods or "ANY" in {m, *route.methods}]
            if same:
                owner, number = taken[same[0]]
                place = functions[owner].positions
                mark = place.mark(("events", number))
                mistake = Mistake(
                    path=("events", index, "http", "path"),
                    rule="duplicate-route",
                    message=f"{','.join(route.methods)} {route.path} is already a route of function {owner!r} "
                    f"({place.file}:{mark.line}:{mark.column})",
                    remedy="change the path or the methods of one",
                )
                yield Found(name, mistake)
            for method in route.methods:
                taken.setdefault(method, (name, index))


def _cors(functions: Mapping[str, LoadedFunction]) -> Iterator[Found]:
    """Public routes on Lambda share one HTTP API, which has one set of cross-origin rules."""
    first = None
    for name, function in functions.items():
        for index, event in enumerate(function.manifest.events):
            route = event.http
            if route is None or route.cors is None or route.visibility != "public":
                continue
            first = first or (name, route.cors)
            if route.cors != first[1]:
                mistake = Mistake(
                    path=("events", index, "http", "cors"),
                    rule="different-cors",
                    message=f"events[{index}].http.cors differs from that of function {first[0]!r} in {IN}",
                    remedy="make them equal; all public routes of an environment share one set of rules",
                )
                yield Found(name, mistake)


def _consumers(functions: Mapping[str, LoadedFunction], settings: Settings) -> Iterator[Found]:
    """On Lambda, messages of a queue are shared out among its functions; on Knative each of them gets all."""
    consumers: dict[str, str] = {}
    for name, function in functions.items():
        gets = "a part" if function.target_in(settings) == "lambda" else "every message"
        for index, event in enumerate(function.manifest.events):
            if event.queue is None:
                continue
            owner = consumers.setdefault(event.queue.name, name)
            if owner != name:
                mistake = Mistake(
                    path=("events", index, "queue"),
                    rule="shared-queue",
                    message=f"queue {event.queue.name!r} also calls function {owner!r}: each gets {gets}",
                    remedy="give each its own queue, unless that is meant",
                    severity=Severity.WARNING,
                )
                yield Found(name, mistake)
