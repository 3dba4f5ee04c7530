"""What must hold between the keys of one environment's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.core.catalogue import KINDS
from slipway.core.document import property_name
from slipway.core.explain import Mistake, known
from slipway.core.findings import Severity
from slipway.core.settings import PREFIX
from slipway.core.settings_knative import is_reserved
from slipway.core.settings_parts import is_loopback
from slipway.core.sink_rules import sink_mistakes
from slipway.core.target_settings import used_settings
from slipway.core.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.core.document import PropertyPath
    from slipway.core.settings import Settings
    from slipway.core.settings_parts import Aws


def settings_mistakes(settings: Settings) -> Iterator[Mistake]:
    """What is wrong between the keys of an environment's settings.

    Args:
        settings: Settings whose single keys are right.

    Yields:
        Mistakes, with paths into the settings.
    """
    yield from _halves(settings)
    if settings.aws is not None:
        yield from _aws(settings.aws)
        for path, arn in _arns(settings).items():
            yield from _arn(settings.aws, path, arn)
    if settings.kube_context is not None:
        yield from _other_cluster(settings)
    elif settings.has_knative:
        yield from _embedded_cluster(settings)
    if settings.knative is not None and is_reserved(settings.knative.namespace):
        yield Mistake(
            path=("prefix",),
            rule="reserved-namespace",
            message=f"slipway:prefix makes the namespace {settings.knative.namespace!r}, which belongs to the cluster",
            remedy="choose another prefix, or set slipway:namespace",
        )
    yield from _services(settings)
    yield from sink_mistakes(settings)
    yield from _tokens(settings)
    yield from _quota(settings)
    yield from _scales(settings)


def _halves(settings: Settings) -> Iterator[Mistake]:
    """What belongs to a target that the environment does not have, and the account that one needs."""
    if settings.target == "lambda" and settings.aws is None:
        yield Mistake(
            path=("aws",),
            rule="missing-key",
            message="slipway:aws is missing, target lambda needs an account",
            remedy="it is a mapping with account and region; or set slipway:target to knative",
        )
    for feature, path in used_settings(settings):
        only = [target for target in TARGETS if feature.on(target).served]
        if len(only) == 1 and only[0] not in settings.targets:
            yield Mistake(
                path=path,
                rule="unused-key",
                message=f"{PREFIX}{property_name(path)} is only for functions on {TARGETS[only[0]]}, "
                "which this environment has none of",
                remedy=feature.on(next(target for target in TARGETS if target != only[0])).instead,
                at_key=True,
            )


def _other_cluster(settings: Settings) -> Iterator[Mistake]:
    """A cluster that Slipway does not run: nothing is known of it but what is said."""
    if settings.cluster is not None:
        yield Mistake(
            path=("cluster",),
            rule="unused-key",
            message="slipway:cluster is the embedded cluster, but slipway:kubeContext names another one",
            remedy="keep one of the two",
            at_key=True,
        )
    reasons = {
        "registry": (settings.registry, "images of functions lie where that cluster can pull them"),
        "domain": (settings.domain, "addresses of functions end with it"),
    }
    for name, (value, why) in reasons.items():
        if value is None:
            yield Mistake(
                path=(name,),
                rule="missing-key",
                message=f"slipway:{name} is missing beside slipway:kubeContext: {why}",
                remedy="set it; only the embedded cluster has one of its own",
            )
    channel = settings.eventing.channel
    if settings.catalogue("queue") and channel.kind == "InMemoryChannel":
        yield Mistake(
            path=("eventing", "channel") if "channel" in settings.eventing.model_fields_set else ("kubeContext",),
            rule="not-durable",
            message="queues are kept in memory (InMemoryChannel): a restart of the cluster loses their messages",
            remedy="set slipway:eventing.channel to a durable kind, for example KafkaChannel",
            severity=Severity.WARNING,
        )
    broker = settings.eventing.broker
    if broker.class_ is None:
        yield Mistake(
            path=("eventing", "broker") if "broker" in settings.eventing.model_fields_set else ("kubeContext",),
            rule="not-durable",
            message="the broker's class is the cluster's own default; whether it outlives a restart is not checked",
            remedy="set slipway:eventing.broker.class, for example Kafka or RabbitMQBroker",
            severity=Severity.INFO,
        )


def _embedded_cluster(settings: Settings) -> Iterator[Mistake]:
    fixed = {
        "tls": (settings.http.tls, "its entry answers http"),
        "port": (settings.http.port, "its entry has the port of slipway:cluster.httpPort"),
    }
    for name, (value, why) in fixed.items():
        if value:
            yield Mistake(
                path=("http", name),
                rule="unused-key",
                message=f"slipway:http.{name} is not for the embedded cluster: {why}",
                remedy="remove it, or set slipway:kubeContext",
                at_key=True,
            )


def _services(settings: Settings) -> Iterator[Mistake]:
    """Secrets that services name must be in the same catalogue."""
    secrets = settings.catalogue("secret")
    for name, entry in settings.catalogue("service").items():
        if entry.secret is not None and entry.secret.partition("/")[0] not in secrets:
            # The name is not repeated: somebody may have written the secret itself.
            yield Mistake(
                path=("resources", "service", name, "secret"),
                rule="not-in-catalogue",
                message=f"slipway:resources.service.{name}.secret names no secret of the catalogue",
                remedy=f"add it under slipway:resources.secret; there: {known(secrets)}",
            )


def _aws(aws: Aws) -> Iterator[Mistake]:
    if aws.partition not in {None, aws.region_partition}:
        yield Mistake(
            path=("aws", "partition"),
            rule="wrong-partition",
            message=f"slipway:aws.partition must be {aws.region_partition} for region {aws.region}, "
            f"found {aws.partition!r}",
            remedy="remove it",
        )
    local = aws.endpoint is not None and is_loopback(aws.endpoint)
    for name, value in (("accessKey", aws.access_key), ("secretKey", aws.secret_key)):
        if value is not None and not local:
            yield Mistake(
                path=("aws", name),
                rule="credentials-in-file",
                message=f"slipway:aws.{name} is only for an endpoint on this machine (loopback)",
                remedy="remove it, and revoke it if it is real; credentials come from profile, role or variables",
                at_key=True,
            )
    if (aws.access_key is None) != (aws.secret_key is None):
        missing = "secretKey" if aws.secret_key is None else "accessKey"
        yield Mistake(
            path=("aws", missing),
            rule="missing-key",
            message=f"slipway:aws.{missing} is missing",
            remedy="give both keys or none",
        )
    if aws.http_entry is not None and aws.endpoint is None:
        yield Mistake(
            path=("aws", "httpEntry"),
            rule="unused-key",
            message="slipway:aws.httpEntry is only for an embedded AWS",
            remedy="remove it, or set endpoint",
            at_key=True,
        )


def _tokens(settings: Settings) -> Iterator[Mistake]:
    tokens = settings.http.tokens
    if tokens is not None and not (tokens.issuer.startswith("https://") or is_loopback(tokens.issuer)):
        yield Mistake(
            path=("http", "tokens", "issuer"),
            rule="insecure-address",
            message="slipway:http.tokens.issuer must be an https address",
            remedy="keys that verify tokens must not travel in the clear",
        )


def _quota(settings: Settings) -> Iterator[Mistake]:
    letters, storage = settings.eventing.dead_letters.size, settings.guardrails.quota.storage
    if _bytes(letters) > _bytes(storage):
        yield Mistake(
            path=("eventing", "deadLetters", "size"),
            rule="over-quota",
            message=f"slipway:eventing.deadLetters.size {letters} is more than the storage of the quota, {storage}",
            remedy="lower it, or raise storage of slipway:guardrails.quota",
        )


def _bytes(size: str) -> int:
    return int(size[:-2]) << {"Mi": 20, "Gi": 30, "Ti": 40}[size[-2:]]


def _scales(settings: Settings) -> Iterator[Mistake]:
    for name, override in settings.functions.items():
        scale = override.scale
        if scale is not None and scale.max is not None and scale.min > scale.max:
            yield Mistake(
                path=("functions", name, "scale", "min"),
                rule="out-of-range",
                message=f"slipway:functions.{name}.scale.min {scale.min} is above max {scale.max}",
                remedy="lower it",
            )


def _arns(settings: Settings) -> Mapping[PropertyPath, str]:
    """Every ARN in the settings, by its path."""
    arns: dict[PropertyPath, str | None] = {
        ("encryption", "key"): settings.encryption.key if settings.encryption else None,
        ("guardrails", "permissionBoundary"): settings.guardrails.permission_boundary,
        ("alarms", "topic"): settings.alarms.topic if settings.alarms else None,
    }
    profiles = settings.code_signing.profiles if settings.code_signing else []
    arns.update({("codeSigning", "profiles", index): arn for index, arn in enumerate(profiles)})
    for kind in KINDS:
        for name, entry in settings.catalogue(kind).items():
            arns["resources", kind, name, "arn"] = getattr(entry, "arn", None)
            arns["resources", kind, name, "key"] = getattr(entry, "key", None)
    for name, sink in settings.sinks.items():
        arns["sinks", name, "encryption", "key"] = sink.encryption.key if sink.encryption else None
        arns["sinks", name, sink.kind, "arn"] = getattr(sink.at, "arn", None)
    return {path: arn for path, arn in arns.items() if arn is not None}


def _arn(aws: Aws, path: PropertyPath, arn: str) -> Iterator[Mistake]:
    _, partition, _, region, account, *_ = arn.split(":")
    expected = {"partition": aws.partition or aws.region_partition, "region": aws.region, "account": aws.account}
    found = {"partition": partition, "region": region, "account": account}
    for part, value in found.items():
        if value in {"", expected[part]} or (part == "account" and path[-2] == "destination"):
            continue  # a destination is what another account offers
        # Other accounts may share what they own; roles, however, take boundaries of their own account only.
        shared = part == "account" and path[0] != "guardrails"
        yield Mistake(
            path=path,
            rule=f"other-{part}",
            message=f"{PREFIX}{property_name(path)} is in {part} {value}, this environment is in {expected[part]}",
            remedy=f"the owner's policy must allow account {aws.account}" if shared else "use one of this environment",
            severity=Severity.WARNING if shared else Severity.ERROR,
        )
