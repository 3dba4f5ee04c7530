"""A deployed function as the control plane describes it: everything that running it depends on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
from typing import Any
from urllib.parse import unquote

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.utils import get_backend

_ARN_PARTS = 7


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """A layer version of a function: its ARN, content and digest (base64 of SHA-256)."""

    arn: str
    content: bytes = dataclasses.field(repr=False)
    sha256: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Logging:
    """Where and how a function logs: log group, `Text` or `JSON`, and the lowest levels that are kept."""

    group: str
    format: str = "Text"
    application_level: str = ""
    system_level: str = "INFO"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DeployedFunction:
    """One version of a function, with its configuration and bytes.

    Attributes:
        name: Function name.
        version: `$LATEST` or a number.
        region: Region that it is deployed in.
        account: Account that it is deployed in.
        arn: ARN by which it was asked for, with the qualifier if there was one.
        package_type: `Zip` or `Image`.
        runtime: Lambda's name of the runtime; empty for images.
        handler: `module.attribute`; empty for images.
        timeout_s: Seconds an invocation may take.
        memory_mb: Memory.
        environment: Variables, as deployed.
        content: The deployed zip.
        code_sha256: Digest of the zip, base64 of SHA-256.
        layers: Layers, in the order in which they are laid over each other.
        logging: Where it logs.
        concurrency: Reserved concurrency of the function, or None.
    """

    name: str
    version: str
    region: str
    account: str
    arn: str
    package_type: str
    runtime: str
    handler: str
    timeout_s: int
    memory_mb: int
    environment: dict[str, str] = dataclasses.field(repr=False)
    content: bytes = dataclasses.field(repr=False)
    code_sha256: str
    layers: tuple[Layer, ...]
    logging: Logging
    concurrency: int | None

    @property
    def key(self) -> str:
        """Identity of the function across its versions."""
        return f"{self.region}/{self.name}"

    def fingerprint(self) -> str:
        """Digest of all that a sandbox is made from: another one needs another sandbox."""
        parts = [self.key, self.version, self.runtime, self.handler, self.timeout_s, self.memory_mb, self.code_sha256]
        layers = [layer.sha256 for layer in self.layers]
        material = json.dumps([parts, layers, self.environment, dataclasses.asdict(self.logging)], sort_keys=True)
        return hashlib.sha256(material.encode()).hexdigest()


def split_reference(reference: str) -> tuple[str, str | None]:
    """Name and qualifier of a function from any form that Invoke takes: name, name:qualifier, full or partial ARN."""
    parts = unquote(reference).split(":")
    if "function" in parts:
        parts = parts[parts.index("function") + 1 :]
    name, qualifier = parts[0], parts[1] if len(parts) > 1 else None
    return name, qualifier


def find(reference: str, qualifier: str | None, *, account: str, region: str) -> DeployedFunction | None:
    """The version of a function that a call to `reference` runs now, or None if there is no such function.

    Args:
        reference: Name, name with qualifier, or ARN.
        qualifier: Version or alias when it is given apart from the name.
        account: Account to look in.
        region: Region to look in, unless the reference is an ARN of another one.
    """
    parts = unquote(reference).split(":")
    if len(parts) >= _ARN_PARTS and parts[2] == "lambda":
        region = parts[3]
    name, own_qualifier = split_reference(reference)
    qualifier = own_qualifier or qualifier
    backend: Any = get_backend(account, region)
    try:
        model = backend.get_function(name, _weighted(backend, name, qualifier))
        latest = backend.get_function(name)
    except UnknownFunctionException:
        return None
    base = f"arn:{model.partition}:lambda:{region}:{account}:function:{name}"
    reserved = latest.reserved_concurrency
    return DeployedFunction(
        name=name,
        version=str(model.version),
        region=region,
        account=account,
        arn=f"{base}:{qualifier}" if qualifier else base,
        package_type=model.package_type,
        runtime=model.run_time or "",
        handler=model.handler or "",
        timeout_s=int(model.timeout),
        memory_mb=int(model.memory_size),
        environment={key: str(value) for key, value in (model.environment_vars or {}).items()},
        content=getattr(model, "code_bytes", b""),
        code_sha256=model.code_sha_256,
        layers=_layers(backend, model),
        logging=_logging(model),
        concurrency=None if reserved is None else int(reserved),
    )


def _weighted(backend: Any, name: str, qualifier: str | None) -> str | None:
    """The version that an alias sends this call to, when it divides its calls between two versions."""
    if qualifier is None or qualifier == "$LATEST" or qualifier.isdecimal():
        return qualifier
    backend.get_function(name)
    alias = next((alias for alias in backend.list_aliases(name) if alias.name == qualifier), None)
    weights = ((alias.routing_config or {}).get("AdditionalVersionWeights") or {}) if alias else {}
    draw = secrets.SystemRandom().random()
    for version, weight in weights.items():
        if draw < weight:
            return str(version)
        draw -= weight
    return qualifier


def _layers(backend: Any, model: Any) -> tuple[Layer, ...]:
    versions = [backend.layers_versions_by_arn(layer["Arn"]) for layer in model.layers]
    return tuple(
        Layer(arn=version.arn, content=version.code_bytes, sha256=version.code_sha_256)
        for version in versions
        if version
    )


def _logging(model: Any) -> Logging:
    settings = model.complete_logging()
    return Logging(
        group=settings.get("LogGroup") or f"/aws/lambda/{model.function_name}",
        format=settings.get("LogFormat") or "Text",
        application_level=settings.get("ApplicationLogLevel") or "",
        system_level=settings.get("SystemLogLevel") or "INFO",
    )
