"""What a function says that its target in an environment cannot do."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from slipway.core.cron import NoCronError, unix_cron
from slipway.core.explain import Mistake
from slipway.core.findings import Severity
from slipway.core.placed import IN, Found
from slipway.core.targets import FEATURES, IN_THE_IMAGE, TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.core.document import PropertyPath
    from slipway.core.events import Event, HttpEvent
    from slipway.core.loaded import LoadedFunction
    from slipway.core.placed import Environment
    from slipway.core.settings import Settings

# Knative Serving, config-defaults: max-revision-timeout-seconds as it is installed.
_KNATIVE_TIMEOUT = 600

# Kubernetes, names of Services: a label that starts with a letter. Knative makes more of them beside a function's own:
# revisions (`orders-0a1b2c3d4e-private`), the tag of a rollout (`candidate-orders`), channels (`receipts-kn-channel`).
_RESERVED = re.compile(r"slipway-.*|candidate-.*|.*-kn-channel|.*-[0-9a-f]{10}(?:-private)?|[0-9].*")


@dataclasses.dataclass(frozen=True, slots=True)
class Used:
    """A feature that a function uses in an environment.

    Attributes:
        feature: Key of the feature.
        path: Where it says so.
        what: What is said there, in words.
        in_settings: Whether the path is one of the environment's settings.
    """

    feature: str
    path: PropertyPath
    what: str
    in_settings: bool = False


def target_mistakes(function: LoadedFunction, here: Environment) -> Iterator[Found]:
    """What the target of a function in an environment cannot do, and whether it is there at all.

    Args:
        function: The function.
        here: The environment.
    """
    settings = here.settings
    target = function.target_in(settings)
    yield from _present(function, here, target)
    if target == "knative" and _RESERVED.fullmatch(function.name):
        mistake = Mistake(
            path=(),
            rule="reserved-name",
            message=f"{function.name!r} cannot be a function's name on Knative, its target in {IN}",
            remedy="start with a letter, not with slipway- or candidate-; end without -kn-channel or ten hex digits",
        )
        yield Found(function.name, mistake)
    for used in used_features(function, settings):
        support = FEATURES[used.feature].on(target)
        if not support.served and not (used.in_settings and here.refused.touches(used.path)):
            mistake = Mistake(
                path=used.path,
                rule=f"not-on-{target}",
                message=f"{used.what} is not served on {TARGETS[target]}, the target in {IN}: {support.how}",
                remedy=support.instead,
            )
            yield Found(function.name, mistake, in_settings=used.in_settings)
    yield from _not_masked(function, settings, target)


def _not_masked(function: LoadedFunction, settings: Settings, target: str) -> Iterator[Found]:
    """Values of secrets that nothing masks in logs: whoever runs the image knows them, and nobody else."""
    if function.manifest.runtime != "container" or target != "knative":
        return
    for variable, path, _ in function.secrets_in(settings):
        mistake = Mistake(
            path=path,
            rule="secret-not-masked",
            message=f"the value of {variable} is not masked in logs: {IN_THE_IMAGE}",
            remedy="see that the image never logs it; of its form, `redact` of the sinks may know it",
            severity=Severity.INFO,
        )
        yield Found(function.name, mistake)


def _present(function: LoadedFunction, here: Environment, target: str) -> Iterator[Found]:
    """The environment must have the target that a function asks for; its own is checked with its settings."""
    settings = here.settings
    missing = settings.aws is None if target == "lambda" else not settings.has_knative
    if not missing or target == settings.target or here.refused.touches(("aws",)):
        return
    remedy = "set slipway:aws there" if target == "lambda" else "set slipway:kubeContext or slipway:cluster there"
    override = settings.functions.get(function.name)
    in_settings = override is not None and override.target is not None
    path: PropertyPath = ("functions", function.name, "target") if in_settings else ("target",)
    message = f"target {target} of function {function.name!r} is not there in {IN}"
    yield Found(
        function.name,
        Mistake(path=path, rule="no-such-target", message=message, remedy=remedy),
        in_settings=in_settings,
        other=None if in_settings else ("target",),
    )


def used_features(function: LoadedFunction, settings: Settings) -> Iterator[Used]:
    """Features that a function uses in an environment and that some target does not serve.

    Args:
        function: The function.
        settings: Settings of the environment.
    """
    manifest = function.manifest
    container = manifest.runtime == "container"
    unread = container or function.signature == "lambda"
    if function.signature == "lambda" and not container:
        yield Used("handler.plain", ("handler",), "a handler with two parameters")
    if manifest.architecture == "arm64" and not container:
        yield Used("architecture.arm64", ("architecture",), f"architecture arm64 for {manifest.runtime}")
    if unread and manifest.secrets:
        yield Used("secrets.plain", ("secrets",), f"secrets for {'an image' if container else 'a plain handler'}")
    yield from _overridable(function, settings)
    for index, event in enumerate(manifest.events):
        yield from _event(index, event, settings, container=container)
    yield from _uses(function, settings, unread=unread)
    seen = [route.visibility for route in manifest.http]
    if container and len(set(seen)) > 1:
        index = seen.index("internal")
        yield Used(
            "http.mixed-container", ("events", index, "http"), "an internal route beside public ones of an image"
        )
    options = manifest.lambda_
    for feature, name, value in (
        ("lambda.layers", "layers", bool(options.layers)),
        ("lambda.storage", "ephemeralStorage", "ephemeral_storage" in options.model_fields_set),
        ("lambda.snapshot", "snapStart", options.snap_start),
    ):
        if value:
            yield Used(feature, ("lambda", name), f"lambda.{name}")


def _overridable(function: LoadedFunction, settings: Settings) -> Iterator[Used]:
    """What the environment may set differently."""
    manifest, override = function.manifest, settings.functions.get(function.name)
    section = ("functions", function.name)
    timeout, other = manifest.timeout, override.timeout if override else None
    if (other or timeout) > _KNATIVE_TIMEOUT:
        path: PropertyPath = (*section, "timeout") if other else ("timeout",)
        yield Used("timeout.long", path, f"timeout {other or timeout}", in_settings=other is not None)
    scale = override.scale if override else None
    if manifest.rollout is not None and (scale or manifest.scale).min > 0:
        path = (*section, "scale", "min") if scale else ("scale", "min")
        yield Used("rollout.warm", path, "scale.min above 0 together with rollout", in_settings=scale is not None)
    if override is not None and override.hosts:
        yield Used("hosts", (*section, "hosts"), "a host of its own", in_settings=True)


def _event(index: int, event: Event, settings: Settings, *, container: bool) -> Iterator[Used]:
    if event.http is not None:
        yield from _http(index, event.http, container=container)
    if event.schedule is not None:
        name = f"events[{index}].schedule"
        try:
            unix_cron(event.schedule.expression)
        except NoCronError as error:
            yield Used(error.feature, ("events", index, "schedule"), f"{name} with {error}")
    queue = settings.catalogue("queue").get(event.queue.name) if event.queue else None
    if queue is not None and queue.is_fifo:
        yield Used("queue.fifo", ("events", index, "queue"), f"events[{index}].queue of a FIFO queue")


def _http(index: int, route: HttpEvent, *, container: bool) -> Iterator[Used]:
    name, path = f"events[{index}].http", ("events", index, "http")
    if route.auth == "iam":
        yield Used("http.iam", (*path, "auth"), f"{name}.auth iam")
    elif route.visibility == "internal":
        yield Used("http.open-internal", (*path, "auth"), f"{name}.auth {route.auth} with visibility internal")
    if route.auth == "token" and container:
        yield Used("http.token-container", (*path, "auth"), f"{name}.auth token for an image")
    if route.cors is not None and container:
        yield Used("http.cors-container", (*path, "cors"), f"{name}.cors for an image")
    if route.throttle is not None:
        yield Used("http.throttle", (*path, "throttle"), f"{name}.throttle")


def _uses(function: LoadedFunction, settings: Settings, *, unread: bool) -> Iterator[Used]:
    for index, use in enumerate(function.manifest.uses):
        if use.kind == "queue":
            for position, verb in enumerate(use.can):
                if verb in {"receive", "inspect"}:
                    path: PropertyPath = ("uses", index, "can", position)
                    yield Used("use.queue-fetch", path, f"{verb} of queue {use.name!r}")
            queue = settings.catalogue("queue").get(use.name)
            if queue is not None and queue.is_fifo:
                yield Used("queue.fifo", ("uses", index, "queue"), f"the FIFO queue {use.name!r}")
        elif use.kind == "secret":
            yield Used("use.secret", ("uses", index, "secret"), f"the use of secret {use.name!r}")
        elif use.kind == "service" and unread:
            service = settings.catalogue("service").get(use.name)
            if service is not None and service.secret is not None:
                path = ("uses", index, "service")
                yield Used("secrets.plain", path, f"the secret of service {use.name!r}")
