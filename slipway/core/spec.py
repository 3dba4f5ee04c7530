"""Turns models into the plain dictionaries that the components take; keys are the names of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.core.catalogue import KINDS
from slipway.core.cron import unix_cron
from slipway.core.egress import own_egress
from slipway.core.settings_knative import EMBEDDED_CONTEXT
from slipway.core.sinks import sink_spec, sinks_of

if TYPE_CHECKING:
    from slipway.core.events import HttpEvent, ScheduleEvent
    from slipway.core.fields import Scale
    from slipway.core.handlers import Signature
    from slipway.core.loaded import LoadedFunction
    from slipway.core.settings import Settings
    from slipway.core.settings_knative import Knative
    from slipway.core.settings_parts import Aws, Override, Tokens


def function_spec(function: LoadedFunction, settings: Settings) -> dict[str, Any]:
    """What the component of a function takes, with what its environment sets differently.

    Args:
        function: The function.
        settings: Settings of the environment that it is deployed to.

    Returns:
        JSON-like values for `FunctionArgs.from_spec`; `commit`, the code with its digest and where calls go now are not
        among them.
    """
    manifest = function.manifest
    override = settings.functions.get(function.name)
    scale = _scale(manifest.scale, override)
    target = function.target_in(settings)
    return {
        "target": target,
        "description": manifest.description,
        "owner": manifest.owner,
        "runtime": manifest.runtime,
        "handler": manifest.handler,
        "signature": _signature(function, target),
        "architecture": manifest.architecture,
        "memory_mb": (override and override.memory) or manifest.memory,
        "timeout_s": (override and override.timeout) or manifest.timeout,
        "concurrency": manifest.concurrency,
        "min_scale": scale.min,
        "max_scale": scale.max,
        "environment": variables_in(function, settings),
        "secrets": [_secret(variable, reference) for variable, _, reference in sorted(function.secrets_in(settings))],
        "http": [_http(event) for event in manifest.http],
        "schedules": [_schedule(event, target) for event in manifest.schedules],
        "events": [event.model_dump() for event in manifest.subscriptions],
        "queues": [{"queue": event.name, "batch": event.batch, "window_s": event.window} for event in manifest.queues],
        "grants": [{"kind": use.kind, "name": use.name, "verbs": sorted(use.can)} for use in manifest.uses],
        "rollout": {"canary": manifest.rollout.canary} if manifest.rollout else None,
        "hosts": list(override.hosts) if override else [],
        "sinks": sinks_of(function, settings),
        "lambda_options": {
            "layers": list(manifest.lambda_.layers),
            "ephemeral_storage_mb": manifest.lambda_.ephemeral_storage,
            "snap_start": manifest.lambda_.snap_start,
        },
    }


def environment_spec(settings: Settings) -> dict[str, Any]:
    """What the component of an environment takes.

    Returns:
        JSON-like values for `EnvironmentArgs.from_spec`.
    """
    tokens, network = settings.http.tokens, settings.network
    return {
        "environment": settings.environment,
        "target": settings.target,
        "aws": _aws(settings.aws) if settings.aws else None,
        "knative": _knative(settings.knative, settings) if settings.knative else None,
        "prefix": settings.prefix,
        "tags": dict(sorted(settings.tags.items())),
        "protect": settings.protect,
        "log_retention_days": settings.logs.retention,
        "log_level": settings.logs.level,
        "kms_key": settings.encryption.key if settings.encryption else None,
        "permissions_boundary": settings.guardrails.permission_boundary,
        "access_log_bucket": settings.guardrails.access_logs,
        "tokens": _tokens(tokens) if tokens else None,
        "throttle_rate": float(settings.http.throttle.rate),
        "throttle_burst": settings.http.throttle.burst,
        "subnets": list(network.subnets) if network else [],
        "security_groups": list(network.security_groups) if network else [],
        "signing_profiles": list(settings.code_signing.profiles) if settings.code_signing else [],
        "signing_enforced": settings.code_signing.enforce if settings.code_signing else False,
        "alarm_topic": settings.alarms.topic if settings.alarms else None,
        "sinks": [sink_spec(name, settings) for name in sorted(settings.sinks)],
        "catalogue": [
            {
                "kind": kind,
                "name": name,
                "create": bool(getattr(entry, "create", False)),
                "arn": getattr(entry, "arn", None),
                "fifo": kind == "queue" and entry.is_fifo,
                "kms_key": getattr(entry, "key", None),
                "address": getattr(entry, "address", None),
                "kubernetes_secret": getattr(entry, "kubernetes", None),
                "egress": _egress(entry),
            }
            for kind in KINDS
            for name, entry in sorted(settings.catalogue(kind).items())
        ],
    }


def _aws(aws: Aws) -> dict[str, Any]:
    return {
        "account": aws.account,
        "region": aws.region,
        "partition": aws.region_partition,
        "endpoint": aws.endpoint,
        "http_entry": aws.http_entry,
        "access_key": aws.access_key,
        "secret_key": aws.secret_key,
    }


def _knative(knative: Knative, settings: Settings) -> dict[str, Any]:
    """Without kubeconfig of the embedded cluster and image of the dead letters, which are made on this machine."""
    eventing = knative.eventing
    config = eventing.broker.config
    return {
        "context": EMBEDDED_CONTEXT if knative.context is None else knative.context,
        "cluster_identifier": knative.context or f"embedded-{EMBEDDED_CONTEXT}",
        "namespace": knative.namespace,
        "registry": knative.registry,
        "domain": knative.domain,
        "scheme": knative.scheme,
        "port": knative.port,
        "ingress_namespace": settings.ingress_namespace,
        "broker_class": eventing.broker.class_,
        "broker_config": config.model_dump() if config else None,
        "channel": eventing.channel.model_dump(),
        "dead_letters": eventing.dead_letters.model_dump(),
        "retry_attempts": eventing.retry.attempts,
        "retry_backoff": eventing.retry.backoff,
        "quota": settings.guardrails.quota.model_dump(),
        "developers": settings.guardrails.developers.model_dump(),
        "deployers": settings.guardrails.deployers.model_dump(),
        "previewers": settings.guardrails.previewers.model_dump(),
        "admission": settings.guardrails.admission,
        "levels": {rule: level for rule, level in settings.policy.rules.items() if rule.startswith("K")},
    }


def _tokens(tokens: Tokens) -> dict[str, Any]:
    given = [rule.model_dump() for rule in tokens.egress]
    return {
        "issuer": tokens.issuer,
        "audience": list(tokens.audience),
        "egress": given or own_egress(tokens.issuer),
    }


def _egress(entry: Any) -> list[dict[str, Any]]:
    """Where traffic to an entry goes: as it says, else to its address when that says it."""
    given = [rule.model_dump() for rule in getattr(entry, "egress", [])]
    address = getattr(entry, "address", None)
    return given or (own_egress(address) if address else [])


def variables_in(function: LoadedFunction, settings: Settings) -> dict[str, str]:
    """Environment variables of a function in one environment, sorted; those of the environment win."""
    override = settings.functions.get(function.name)
    values = {**function.manifest.variables, **(override.environment if override else {})}
    return dict(sorted(values.items()))


def _signature(function: LoadedFunction, target: str) -> Signature:
    """How it is called; an image gets Lambda's own events there, and requests or CloudEvents on Knative."""
    if function.manifest.runtime == "container" and target == "knative":
        return "http" if function.manifest.http else "cloudevent"
    return function.signature


def _schedule(event: ScheduleEvent, target: str) -> dict[str, Any]:
    values = event.model_dump()
    return {**values, "cron": unix_cron(event.expression)} if target == "knative" else values


def _scale(scale: Scale, override: Override | None) -> Scale:
    return override.scale if override and override.scale else scale


def _secret(variable: str, reference: str) -> dict[str, Any]:
    name, _, field = reference.partition("/")
    return {"variable": variable, "secret": name, "field": field or None}


def _http(event: HttpEvent) -> dict[str, Any]:
    values = event.model_dump()
    if event.cors is not None:
        values["cors"]["max_age_s"] = values["cors"].pop("max_age")
    if event.throttle is not None:
        values["throttle"]["rate"] = float(event.throttle.rate)
    return values
