"""Turns models into the plain dictionaries that the components take; keys are the names of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.core.catalogue import VERBS

if TYPE_CHECKING:
    from slipway.core.events import HttpEvent
    from slipway.core.fields import Scale
    from slipway.core.loaded import LoadedFunction
    from slipway.core.settings import Settings
    from slipway.core.settings_parts import Override


def function_spec(function: LoadedFunction, settings: Settings) -> dict[str, Any]:
    """What the component of a function takes, with what its environment sets differently.

    Args:
        function: The function.
        settings: Settings of the environment that it is deployed to.

    Returns:
        JSON-like values for `FunctionArgs.from_spec`; `commit` and the code are not among them.
    """
    manifest = function.manifest
    override = settings.functions.get(function.name)
    scale = _scale(manifest.scale, override)
    return {
        "description": manifest.description,
        "owner": manifest.owner,
        "runtime": manifest.runtime,
        "handler": manifest.handler,
        "signature": function.signature,
        "architecture": manifest.architecture,
        "memory_mb": (override and override.memory) or manifest.memory,
        "timeout_s": (override and override.timeout) or manifest.timeout,
        "concurrency": manifest.concurrency,
        "min_scale": scale.min,
        "max_scale": scale.max,
        "environment": variables_in(function, settings),
        "secrets": [_secret(variable, reference) for variable, reference in sorted(manifest.secrets.items())],
        "http": [_http(event) for event in manifest.http],
        "schedules": [event.model_dump() for event in manifest.schedules],
        "events": [event.model_dump() for event in manifest.subscriptions],
        "queues": [{"queue": event.name, "batch": event.batch, "window_s": event.window} for event in manifest.queues],
        "grants": [{"kind": use.kind, "name": use.name, "verbs": sorted(use.can)} for use in manifest.uses],
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
    aws, tokens, network = settings.aws, settings.http.tokens, settings.network
    return {
        "environment": settings.environment,
        "target": settings.target,
        "aws": {
            "account": aws.account,
            "region": aws.region,
            "partition": aws.region_partition,
            "endpoint": aws.endpoint,
            "http_entry": aws.http_entry,
            "access_key": aws.access_key,
            "secret_key": aws.secret_key,
        },
        "prefix": settings.prefix,
        "tags": dict(sorted(settings.tags.items())),
        "protect": settings.protect,
        "log_retention_days": settings.logs.retention,
        "log_level": settings.logs.level,
        "kms_key": settings.encryption.key if settings.encryption else None,
        "permissions_boundary": settings.guardrails.permission_boundary,
        "tokens": {"issuer": tokens.issuer, "audience": list(tokens.audience)} if tokens else None,
        "throttle_rate": float(settings.http.throttle.rate),
        "throttle_burst": settings.http.throttle.burst,
        "subnets": list(network.subnets) if network else [],
        "security_groups": list(network.security_groups) if network else [],
        "signing_profiles": list(settings.code_signing.profiles) if settings.code_signing else [],
        "signing_enforced": settings.code_signing.enforce if settings.code_signing else False,
        "alarm_topic": settings.alarms.topic if settings.alarms else None,
        "catalogue": [
            {
                "kind": kind,
                "name": name,
                "create": kind == "queue" and entry.arn is None,
                "arn": entry.arn,
                "fifo": kind == "queue" and entry.is_fifo,
                "kms_key": entry.key,
            }
            for kind in VERBS
            for name, entry in sorted(settings.catalogue(kind).items())
        ],
    }


def variables_in(function: LoadedFunction, settings: Settings) -> dict[str, str]:
    """Environment variables of a function in one environment, sorted; those of the environment win."""
    override = settings.functions.get(function.name)
    values = {**function.manifest.variables, **(override.environment if override else {})}
    return dict(sorted(values.items()))


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
