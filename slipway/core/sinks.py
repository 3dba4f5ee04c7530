"""Which log sinks the logs of a function go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.core.redaction import KEYS, expressions
from slipway.core.target_sinks import serves

if TYPE_CHECKING:
    from slipway.core.loaded import LoadedFunction
    from slipway.core.settings import Settings
    from slipway.core.settings_sinks import Sink


def sinks_of(function: LoadedFunction, settings: Settings) -> list[str]:
    """Names of the sinks that the logs of a function go to, sorted.

    A sink takes the functions that it names, those of owners that it names, or else all of them; always only those
    whose target serves its destination. A function may choose among them.

    Args:
        function: The function.
        settings: Settings of the environment that it is deployed to.
    """
    target, chosen = function.target_in(settings), function.manifest.sinks
    return [
        name
        for name, sink in sorted(settings.sinks.items())
        if selects(sink, function) and serves(sink, target) and (chosen is None or name in chosen)
    ]


def selects(sink: Sink, function: LoadedFunction) -> bool:
    """Whether a sink wants the logs of a function, whatever the function's target is."""
    if sink.functions is None and sink.owners is None:
        return True
    return function.name in (sink.functions or ()) or function.manifest.owner in (sink.owners or ())


def sink_spec(name: str, settings: Settings) -> dict[str, Any]:
    """What the component of a sink takes: JSON-like values for `LogSinkArgs.from_spec`.

    Args:
        name: Name of the sink.
        settings: Settings of its environment.
    """
    sink = settings.sinks[name]
    at = sink.at
    secret, _, field = (getattr(at, "secret", None) or "").partition("/")
    return {
        "name": name,
        "kind": sink.kind,
        "address": _address(sink, settings),
        "bucket": getattr(at, "bucket", None),
        "create": bool(getattr(at, "create", False)),
        "arn": getattr(at, "arn", None),
        "region": _region(sink, settings),
        "tenant": getattr(at, "tenant", None),
        "index": getattr(at, "index", None),
        "prefix": getattr(at, "prefix", ""),
        "secret": secret or None,
        "secret_field": field or None,
        "retention_days": sink.retention,
        "lock_days": getattr(at, "lock", None),
        "kms_key": sink.encryption.key if sink.encryption else None,
        "level": sink.level,
        "exclude": list(sink.exclude),
        "redact": expressions(sink.redact.patterns, sink.redact.expressions),
        "redact_keys": KEYS if "password" in sink.redact.patterns else None,
        "buffer_bytes": sink.buffer.bytes,
        "buffer_age_s": sink.buffer.age,
        "partition": list(sink.partition),
        "platform": sink.platform,
    }


def _address(sink: Sink, settings: Settings) -> str | None:
    if sink.s3 is not None:
        return sink.s3.endpoint
    given: str | None = getattr(sink.at, "address", None)
    if given is None and sink.loki is not None and settings.knative is not None:
        return settings.knative.log_store_inside
    return given


def _region(sink: Sink, settings: Settings) -> str | None:
    if sink.s3 is None or sink.s3.create:
        return None
    return sink.s3.region or (settings.aws.region if settings.aws and not sink.s3.endpoint else None)
