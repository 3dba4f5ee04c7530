"""What must hold within log sinks, and between them and the functions of their environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.core.document import property_name
from slipway.core.explain import Mistake, known, nearest
from slipway.core.findings import Severity
from slipway.core.placed import IN, Found
from slipway.core.settings_parts import is_in_cluster, is_loopback
from slipway.core.sinks import selects, sinks_of
from slipway.core.target_sinks import OPTIONS, destinations, options, serves
from slipway.core.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from slipway.core.document import PropertyPath
    from slipway.core.loaded import LoadedFunction
    from slipway.core.placed import Environment
    from slipway.core.settings import Settings
    from slipway.core.settings_sinks import Sink
    from slipway.core.targets import Feature

# Amazon Data Firehose, authentication with AWS Secrets Manager: where an HTTP endpoint's access key is.
_ACCESS_KEY = "api_key"


def sink_mistakes(settings: Settings) -> Iterator[Mistake]:
    """What is wrong within the sinks of an environment, whatever its functions are.

    Args:
        settings: Settings whose single keys are right.

    Yields:
        Mistakes, with paths into the settings.
    """
    for name, sink in settings.sinks.items():
        place: PropertyPath = ("sinks", name)
        yield from _targets(sink, place, settings)
        yield from _options(sink, place)
        yield from _places(sink, place, settings)
        yield from _secret(sink, place, settings)
    yield from _keys_of_buckets(settings)


def unknown_names(settings: Settings, names: Collection[str], owners: Collection[str] | None) -> Iterator[Mistake]:
    """Functions and owners that sinks name and that are not there.

    Args:
        settings: Settings of the environment.
        names: Names of all functions.
        owners: Owners of all functions; None when not all of them are known.
    """
    for name, sink in settings.sinks.items():
        for index, function in enumerate(sink.functions or ()):
            if function not in names:
                yield Mistake(
                    path=("sinks", name, "functions", index),
                    rule="unknown-function",
                    message=f"slipway:sinks.{name}.functions names {function!r}, which is no function"
                    f"{nearest(function, names)}",
                    remedy=f"functions: {known(names)}",
                )
        for index, owner in enumerate(sink.owners or ()):
            if owners is not None and owner not in owners:
                yield Mistake(
                    path=("sinks", name, "owners", index),
                    rule="unknown-owner",
                    message=f"slipway:sinks.{name}.owners names {owner!r}, who owns no function"
                    f"{nearest(owner, owners)}",
                    remedy=f"owners: {known(owners)}",
                )


def unfit_sinks(functions: Mapping[str, LoadedFunction], here: Environment) -> Iterator[Mistake]:
    """What sinks say that does not go with the functions that the environment deploys.

    Args:
        functions: Those functions.
        here: The environment.
    """
    settings = here.settings
    if here.refused.touches(("target",)):
        return  # where functions run is not known, and so is what reaches a sink from there
    if functions and not settings.sinks:
        target = next(iter(functions.values())).target_in(settings)
        yield Mistake(
            path=("sinks",),
            rule="no-sink",
            message=f"slipway:sinks names no sink: logs of {known(functions)} go nowhere",
            remedy=f"name a central store, for example {_example(target)}",
        )
    yield from _agent(functions, settings)
    bound = {name for function in functions.values() for name in sinks_of(function, settings)}
    for name, sink in settings.sinks.items():
        refused = list(_refused(name, sink, functions, settings))
        yield from refused
        yield from _out_of_reach_of_owners(name, sink, functions, settings)
        said = refused or _out_of_reach(sink, settings) or any(f not in functions for f in sink.functions or ())
        # One for all functions of a target is ready for the first of them, as an account or a cluster is.
        wanted = sink.functions or sink.owners or any(serves(sink, f.target_in(settings)) for f in functions.values())
        if wanted and functions and name not in bound and not said:
            yield Mistake(
                path=("sinks", name),
                rule="unused-sink",
                message=f"slipway:sinks.{name} gets the logs of no function",
                remedy="remove it, or let it take some",
                severity=Severity.WARNING,
                at_key=True,
            )


def _agent(functions: Mapping[str, LoadedFunction], settings: Settings) -> Iterator[Mistake]:
    knative = settings.knative
    if knative is None or knative.embedded or knative.collector is not None:
        return
    shipped = [name for name, f in functions.items() if f.target_in(settings) == "knative" and sinks_of(f, settings)]
    if shipped:
        yield Mistake(
            path=("images",),
            rule="missing-key",
            message=f"slipway:images.collector is missing: {known(shipped)} have log sinks, and nothing would carry "
            "their logs there",
            remedy="name the log agent's image by digest; docs/sinks.md says how to make one",
        )


def function_sinks(function: LoadedFunction, here: Environment) -> Iterator[Found]:
    """Whether the logs of a function go somewhere, and to where it wants them to go.

    Args:
        function: The function.
        here: The environment.
    """
    settings = here.settings
    if not settings.sinks or here.refused.touches(("sinks",)):
        return  # that is said once for all functions
    wrong = list(_chosen(function, settings))
    for mistake in wrong:
        yield Found(function.name, mistake, other=("sinks",))
    found, target = sinks_of(function, settings), function.target_in(settings)
    chosen: PropertyPath = ("sinks",) if function.manifest.sinks else ()
    said = wrong or any(_out_of_reach(sink, settings) and selects(sink, function) for sink in settings.sinks.values())
    if not found and not said:
        yield Found(
            function.name,
            Mistake(
                path=chosen,
                rule="no-sink",
                message=f"no sink of {IN} takes the logs of a function on {TARGETS[target]} named {function.name!r} "
                f"or owned by {function.manifest.owner!r}",
                remedy=f"add it to functions or owners of one of {known(settings.sinks)}, or add a sink for all to "
                f"slipway:sinks, for example {_example(target)}",
            ),
            other=("sinks",),
        )
    allowed = settings.aws.subscription_filters if settings.aws else None
    if target == "lambda" and allowed is not None and len(found) > allowed:
        yield Found(
            function.name,
            Mistake(
                path=chosen,
                rule="too-many-sinks",
                message=f"logs go to {len(found)} sinks ({known(found)}) in {IN}, but a log group there has at most "
                f"{allowed} subscription filters",
                remedy=f"choose {allowed} of them with sinks: [...], or set slipway:aws.subscriptionFilters where AWS "
                "allows the account more",
            ),
            other=("sinks",),
        )


def _out_of_reach(sink: Sink, settings: Settings) -> bool:
    """Whether none of the environment's targets serves a sink, which is said as such."""
    return not any(serves(sink, target) for target in settings.targets)


def _example(target: str) -> str:
    return "central: {s3: {create: true}}" if target == "lambda" else 'central: {loki: {address: "https://..."}}'


def _chosen(function: LoadedFunction, settings: Settings) -> Iterator[Mistake]:
    """What a function chooses that is not there, or not for it."""
    target = function.target_in(settings)
    for index, name in enumerate(function.manifest.sinks or ()):
        sink = settings.sinks.get(name)
        if sink is None:
            yield Mistake(
                path=("sinks", index),
                rule="unknown-sink",
                message=f"sinks[{index}] is {name!r}, which is no sink of {IN}{nearest(name, settings.sinks)}",
                remedy=f"add it under slipway:sinks; there: {known(settings.sinks)}",
            )
        elif not serves(sink, target):
            support = destinations(sink)[0].on(target)
            yield Mistake(
                path=("sinks", index),
                rule=f"not-on-{target}",
                message=f"sink {name!r} is not served on {TARGETS[target]}, the target in {IN}: {support.how}",
                remedy=f"remove it here, or there: {support.instead}",
            )
        elif not selects(sink, function):
            yield Mistake(
                path=("sinks", index),
                rule="not-for-function",
                message=f"sink {name!r} of {IN} takes other functions only",
                remedy=f"add {function.name!r} to its functions there",
            )


def _refused(name: str, sink: Sink, functions: Mapping[str, LoadedFunction], settings: Settings) -> Iterator[Mistake]:
    """Functions that a sink names, but whose target cannot reach it."""
    for index, function in enumerate(sink.functions or ()):
        target = functions[function].target_in(settings) if function in functions else None
        if target is not None and target in settings.targets and not serves(sink, target):
            support = destinations(sink)[0].on(target)
            yield Mistake(
                path=("sinks", name, "functions", index),
                rule=f"not-on-{target}",
                message=f"slipway:sinks.{name} is not served for function {function!r} on {TARGETS[target]}: "
                f"{support.how}",
                remedy=support.instead,
            )


def _out_of_reach_of_owners(
    name: str, sink: Sink, functions: Mapping[str, LoadedFunction], settings: Settings
) -> Iterator[Mistake]:
    """Functions that a sink takes by their owner, but whose target cannot reach it: they may have another sink."""
    wanted = [function for function in functions.values() if function.manifest.owner in (sink.owners or ())]
    left = [function.name for function in wanted if not serves(sink, function.target_in(settings))]
    if left and not _out_of_reach(sink, settings):
        yield Mistake(
            path=("sinks", name, "owners"),
            rule="partial-sink",
            message=f"slipway:sinks.{name} does not get the logs of {known(left)}: their target cannot reach it",
            remedy="they go to other sinks only",
            severity=Severity.INFO,
        )


def _targets(sink: Sink, place: PropertyPath, settings: Settings) -> Iterator[Mistake]:
    """What none of the environment's targets serves."""
    for feature in destinations(sink):
        if not any(feature.on(target).served for target in settings.targets):
            yield _not_served(feature, (*place, *feature.key.split(".")), settings)
    usable = [target for target in settings.targets if serves(sink, target)]
    for feature, path in options(sink):
        if usable and not any(feature.on(target).served for target in usable):
            support = feature.on(usable[0])
            yield _unused((*place, *path), f"is not for {TARGETS[usable[0]]}: {support.how}", support.instead)


def _not_served(feature: Feature, path: PropertyPath, settings: Settings) -> Mistake:
    target = settings.targets[0]
    support = feature.on(target)
    return Mistake(
        path=path,
        rule=f"not-on-{target}",
        message=f"{_shown(path)} is not served on {TARGETS[target]}, which all functions here run on: {support.how}",
        remedy=support.instead,
        at_key=True,
    )


def _options(sink: Sink, place: PropertyPath) -> Iterator[Mistake]:
    """Keys that the destination cannot have."""
    found = {feature.key for feature in destinations(sink)}
    for key, option in OPTIONS.items():
        masked = key == "redact" and bool(sink.redact.patterns or sink.redact.expressions)
        if option.destinations & found or (key not in sink.model_fields_set and not masked):
            continue
        if key == "redact" and masked:
            # Nothing is masked on the way there, and nobody shall think that it is.
            yield Mistake(
                path=(*place, key) if key in sink.model_fields_set else (*place, sink.kind),
                rule="not-redacted",
                message=f"{_shown((*place, key))} cannot mask anything on the way to {sink.kind}: {option.why}",
                remedy="say redact: {patterns: []} if that is right, or use http or s3",
            )
        elif key != "redact":
            yield _unused((*place, key), f"does not go with {sink.kind}: {option.why}", "remove it")


def _places(sink: Sink, place: PropertyPath, settings: Settings) -> Iterator[Mistake]:
    """Addresses and regions that are missing, or that would show records or keys to others."""
    at, where = sink.at, (*place, sink.kind)
    embedded = settings.knative is not None and settings.knative.embedded
    if sink.loki is not None and sink.loki.address is None and settings.has_knative and not embedded:
        yield Mistake(
            path=(*where, "address"),
            rule="missing-key",
            message=f"{_shown((*where, 'address'))} is missing",
            remedy="it is an http or https address; only the embedded cluster has a Loki of its own",
        )
    s3 = sink.s3
    if s3 is not None and s3.bucket is not None and settings.aws is None and s3.region is None and s3.endpoint is None:
        yield Mistake(
            path=(*where, "region"),
            rule="missing-key",
            message=f"{_shown((*where, 'region'))} is missing: there is no slipway:aws to take it from",
            remedy="it is a region such as eu-central-1; or give endpoint where the bucket is not on AWS",
        )
    key = "endpoint" if sink.s3 is not None else "address"
    address: str | None = getattr(at, key, None)
    secret = getattr(at, "secret", None) is not None
    if address is None or address.startswith("https://") or is_loopback(address):
        return
    if secret and not is_in_cluster(address):
        yield Mistake(
            path=(*where, key),
            rule="insecure-address",
            message=f"{_shown((*where, key))} must be an https address beside secret, or one in the cluster (*.svc)",
            remedy="a secret must not travel in the clear",
        )
    elif sink.http is not None and (settings.aws is None or settings.aws.endpoint is None):
        yield Mistake(
            path=(*where, key),
            rule="insecure-address",
            message=f"{_shown((*where, key))} must be an https address",
            remedy="Firehose sends to no other",
        )


def _secret(sink: Sink, place: PropertyPath, settings: Settings) -> Iterator[Mistake]:
    """The secret that opens a store must be in the catalogue, in the form that the target needs."""
    reference: str | None = getattr(sink.at, "secret", None)
    if reference is None:
        return
    path = (*place, sink.kind, "secret")
    secrets = settings.catalogue("secret")
    entry = secrets.get(reference.partition("/")[0])
    part, target = ("arn", "lambda") if sink.http is not None else ("kubernetes", "knative")
    if entry is None:
        # The name is not repeated: somebody may have written the secret itself.
        yield Mistake(
            path=path,
            rule="not-in-catalogue",
            message=f"{_shown(path)} names no secret of the catalogue",
            remedy=f"add it under slipway:resources.secret; there: {known(secrets)}",
        )
    elif sink.http is not None and reference.partition("/")[2] not in {"", _ACCESS_KEY}:
        yield Mistake(
            path=path,
            rule="not-allowed",
            message=f"{_shown(path)} names a field that Firehose does not read",
            remedy=f"keep the access key in the field {_ACCESS_KEY} of the secret, and say <name>/{_ACCESS_KEY}",
        )
    elif sink.s3 is not None and "/" in reference:
        yield Mistake(
            path=path,
            rule="not-allowed",
            message=f"{_shown(path)} names a field, but a bucket is opened by two",
            remedy="leave the field out; the secret has the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    elif getattr(entry, part) is None and target in settings.targets:
        yield Mistake(
            path=path,
            rule="not-for-target",
            message=f"the secret of {_shown(place)} has no {part} for {TARGETS[target]}",
            remedy=f"add {part} to its entry under slipway:resources.secret",
        )


def _keys_of_buckets(settings: Settings) -> Iterator[Mistake]:
    """An agent has one pair of keys for all buckets, because the library of AWS reads one from its environment."""
    secrets = {name: sink.s3.secret for name, sink in settings.sinks.items() if sink.s3 and sink.s3.secret}
    for name, secret in secrets.items() if settings.has_knative else ():
        first = next(iter(secrets))
        if secret != secrets[first]:
            path = ("sinks", name, "s3", "secret")
            yield Mistake(
                path=path,
                rule="different-secrets",
                message=f"{_shown(path)} is another one than that of sink {first!r}",
                remedy="name one secret, whose keys open all of these buckets: an agent has no more than one",
            )


def _unused(path: PropertyPath, why: str, remedy: str) -> Mistake:
    return Mistake(path=path, rule="unused-key", message=f"{_shown(path)} {why}", remedy=remedy, at_key=True)


def _shown(path: PropertyPath) -> str:
    return f"slipway:{property_name(path)}"
