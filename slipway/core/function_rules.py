"""What must hold between the keys of one function's manifest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slipway.core.catalogue import VERBS, variables
from slipway.core.explain import Mistake, nearest
from slipway.core.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.core.manifest import Manifest

_SECRET_NAME = re.compile(r"(?i)(?:^|_)(?:password|passwd|secret|token|api_?key|private_?key|credentials?)$")
_SNAPSHOT_RUNTIMES = ("python3.12", "python3.13")
_SNAPSHOT_STORAGE_MB = 512


def function_mistakes(manifest: Manifest) -> Iterator[Mistake]:
    """What is wrong between the keys of a manifest.

    Args:
        manifest: A manifest whose single keys are right.

    Yields:
        Mistakes, with paths into the manifest.
    """
    yield from _code(manifest)
    yield from _scale(manifest)
    yield from _events(manifest)
    yield from _uses(manifest)
    yield from _variables(manifest)
    yield from _lambda(manifest)


def _code(manifest: Manifest) -> Iterator[Mistake]:
    if manifest.runtime == "container":
        if manifest.handler is not None:
            remedy = "remove it; the image says what runs"
            yield _at("handler", "handler-and-image", "handler is not for runtime container", remedy, at_key=True)
        return
    if manifest.handler is None:
        yield _at("handler", "missing-key", "handler is missing", "it is module:function, for example main:order")
    if manifest.image is not None:
        remedy = "remove it, or set runtime: container"
        yield _at("image", "handler-and-image", f"image is not for runtime {manifest.runtime}", remedy, at_key=True)


def _scale(manifest: Manifest) -> Iterator[Mistake]:
    scale = manifest.scale
    if scale.max is not None and scale.min > scale.max:
        yield _at("scale", "out-of-range", f"scale.min {scale.min} is above scale.max {scale.max}", "lower it", "min")


def _events(manifest: Manifest) -> Iterator[Mistake]:
    if not manifest.events:
        yield _at(
            "events",
            "no-events",
            "events is missing: only slipway invoke can call this function",
            "add what calls it",
            severity=Severity.INFO,
        )
    others = [i for i, event in enumerate(manifest.events) if event.http is None]
    if manifest.http and others:
        yield _at(
            "events",
            "mixed-events",
            f"events[{others[0]}] is beside http, but one handler has one signature",
            "split it into two functions",
            others[0],
        )
    seen: dict[str, int] = {}
    for index, event in enumerate(manifest.events):
        same = repr(event)
        if same in seen and event.http is None:
            yield _at("events", "repeated-event", f"events[{index}] repeats events[{seen[same]}]", "keep one", index)
        seen.setdefault(same, index)
        if event.schedule and event.schedule.timezone != "UTC" and event.schedule.expression.startswith("rate("):
            yield _at(
                "events",
                "unused-timezone",
                f"events[{index}].schedule.timezone says nothing about a rate",
                "remove it, or use cron(...)",
                *(index, "schedule", "timezone"),
                severity=Severity.WARNING,
            )


def _uses(manifest: Manifest) -> Iterator[Mistake]:
    seen: set[tuple[str, str]] = set()
    for index, use in enumerate(manifest.uses):
        if (use.kind, use.name) in seen:
            yield _at(
                "uses",
                "repeated-use",
                f"uses[{index}] repeats the {use.kind} {use.name!r}",
                "put all verbs into one item",
                index,
            )
        seen.add((use.kind, use.name))
        allowed = VERBS[use.kind]
        for position, verb in enumerate(use.can):
            where = (index, "can", position)
            name = f"uses[{index}].can[{position}]"
            if verb not in allowed:
                yield _at(
                    "uses",
                    "unknown-verb",
                    f"{name} must be one of {', '.join(allowed)} for a {use.kind}, "
                    f"found {verb[:40]!r}{nearest(verb, allowed)}",
                    "",
                    *where,
                )
            elif verb in use.can[:position]:
                yield _at("uses", "repeated-value", f"{name} repeats {verb!r}", "keep one", *where)


def _variables(manifest: Manifest) -> Iterator[Mistake]:
    if manifest.environment and manifest.envs:
        yield _at("envs", "two-names", "envs means the same as environment", "keep environment", at_key=True)
    made = {name: use for use in manifest.uses for name in variables(use.kind, use.name)}
    for key, values in (("environment", manifest.environment), ("envs", manifest.envs)):
        for name in values:
            if name in manifest.secrets:
                message = f"{key}.{name} is also under secrets"
                yield _at(key, "two-values", message, "keep one", name, at_key=True)
            if name in made:
                message = f"{key}.{name} is set by the use of {made[name].kind} {made[name].name!r}"
                yield _at(key, "two-values", message, "choose another name", name, at_key=True)
            if _SECRET_NAME.search(name):
                yield _at(
                    key,
                    "secret-in-environment",
                    f"{key}.{name} looks like a secret, which everybody who reads this file would know",
                    "name it under secrets",
                    name,
                    severity=Severity.WARNING,
                    at_key=True,
                )


def _lambda(manifest: Manifest) -> Iterator[Mistake]:
    options = manifest.lambda_
    if options.layers and manifest.runtime == "container":
        yield _at("lambda", "no-layers", "lambda.layers is not for images", "put it into the image", "layers")
    if not options.snap_start:
        return
    # AWS Lambda Developer Guide, "SnapStart": supported runtimes and features.
    reasons = {
        f"runtime {manifest.runtime}": manifest.runtime not in _SNAPSHOT_RUNTIMES,
        "scale.min above 0": manifest.scale.min > 0,
        f"lambda.ephemeralStorage above {_SNAPSHOT_STORAGE_MB}": options.ephemeral_storage > _SNAPSHOT_STORAGE_MB,
    }
    for reason in (text for text, holds in reasons.items() if holds):
        remedy = f"remove one of them; it needs {' or '.join(_SNAPSHOT_RUNTIMES)}"
        yield _at("lambda", "no-snap-start", f"lambda.snapStart does not go with {reason}", remedy, "snapStart")


def _at(
    key: str,
    rule: str,
    message: str,
    remedy: str,
    *below: str | int,
    severity: Severity = Severity.ERROR,
    at_key: bool = False,
) -> Mistake:
    return Mistake(path=(key, *below), rule=rule, message=message, remedy=remedy, severity=severity, at_key=at_key)
