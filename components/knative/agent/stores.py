"""How records get from a node's queue to each kind of store."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from components.knative.agent.records import PREFIX
from components.log_sink.args import LogSinkArgs

KINDS = ("loki", "opensearch", "otlp", "s3")
"""Kinds of destinations that the agent serves."""

_TIMEOUT = "30s"
_BATCH_BYTES = 1_000_000
_OBJECT_BYTES = 8_000_000
_SHORTEST_MS = 200
# Records wait for company no longer than this where a store is not one of files.
_LONGEST_MS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Variable:
    """Text with environment variables of the agent in it, which the collector fills in."""

    text: str

    @classmethod
    def of(cls, content: str) -> Variable:
        """Text that has `${env:NAME}` in it, or an address as it is."""
        return cls(content)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SecretVariable:
    """An environment variable of the agent that comes out of a Kubernetes Secret.

    Attributes:
        variable: Its name.
        secret: Name of the secret in the environment's catalogue.
        field: Key in the Secret.
    """

    variable: str
    secret: str
    field: str


def secrets_of(sink: LogSinkArgs) -> tuple[SecretVariable, ...]:
    """What the agent needs to open a sink's store."""
    if sink.secret is None:
        return ()
    if sink.kind == "s3":
        fields = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        return tuple(SecretVariable(variable=field, secret=sink.secret, field=field) for field in fields)
    name = SecretVariable(variable=variable_of(sink.name), secret=sink.secret, field=sink.secret_field or "value")
    return (name,)


def variable_of(sink: str) -> str:
    """Name of the environment variable with the header `Authorization` for a sink."""
    return f"SINK_{re.sub('[^A-Z0-9]', '_', sink.upper())}_AUTHORIZATION"


def exporter(sink: LogSinkArgs) -> dict[str, Any]:
    """Settings of the exporter of a sink: its store, its queue on disk, and retries without an end."""
    store = {"loki": _loki, "opensearch": _opensearch, "otlp": _otlp, "s3": _s3}[sink.kind](sink)
    files = sink.kind == "s3"
    wait_ms = sink.buffer_age_s * 1000 if files else max(_SHORTEST_MS, min(sink.buffer_age_s * 1000, _LONGEST_MS))
    return {
        "store": store,
        **({"partition_by": PREFIX} if files else {}),
        "retry_on_failure": {
            "enabled": True,
            "initial_interval": "1s",
            "max_interval": "15s",
            "max_elapsed_time": "0s",
        },
        "sending_queue": {
            "enabled": True,
            "storage": f"file_storage/{sink.name}",
            "sizer": "bytes",
            "queue_size": sink.buffer_bytes,
            # A full queue stops the reading of files, which are the next buffer, and drops nothing.
            "block_on_overflow": True,
            "num_consumers": 2 if files else 4,
            "batch": {
                "flush_timeout": f"{wait_ms}ms",
                "sizer": "bytes",
                "min_size": _OBJECT_BYTES if files else _BATCH_BYTES // 4,
                "max_size": 4 * _OBJECT_BYTES if files else _BATCH_BYTES,
            },
        },
    }


def _own_queue_off() -> dict[str, Any]:
    return {"sending_queue": {"enabled": False}, "retry_on_failure": {"enabled": False}}


def _headers(sink: LogSinkArgs) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if sink.tenant:
        found["X-Scope-OrgID"] = sink.tenant
    if sink.secret:
        found["Authorization"] = Variable.of(f"${{env:{variable_of(sink.name)}}}")
    return {"headers": found} if found else {}


def _otlp(sink: LogSinkArgs, path: str = "") -> dict[str, Any]:
    assert sink.address is not None
    settings = {
        "endpoint": f"{sink.address.rstrip('/')}{path}",
        "timeout": _TIMEOUT,
        "compression": "gzip",
        **_headers(sink),
        **_own_queue_off(),
    }
    return {"otlphttp": settings}


def _loki(sink: LogSinkArgs) -> dict[str, Any]:
    return _otlp(sink, "/otlp")


def _opensearch(sink: LogSinkArgs) -> dict[str, Any]:
    assert sink.address is not None
    settings = {
        "http": {"endpoint": sink.address.rstrip("/"), "timeout": _TIMEOUT, **_headers(sink)},
        "logs_index": sink.index,
        "mapping": {"mode": "bodymap"},
        **_own_queue_off(),
    }
    return {"opensearch": settings}


def _s3(sink: LogSinkArgs) -> dict[str, Any]:
    uploader: dict[str, Any] = {
        "region": sink.region or "us-east-1",
        "s3_bucket": sink.bucket,
        "s3_base_prefix": sink.prefix.rstrip("/"),
        "s3_partition_format": "",
        "s3_partition_timezone": "UTC",
        "compression": "gzip",
        "unique_key_func_name": "uuidv7",
    }
    if sink.address:
        uploader |= {"endpoint": sink.address, "s3_force_path_style": True}
    settings = {
        "marshaler": "body",
        "resource_attrs_to_s3": {"s3_prefix": PREFIX},
        "s3uploader": uploader,
        "timeout": "60s",
        "sending_queue": {"enabled": False},
    }
    return {"awss3": settings}
