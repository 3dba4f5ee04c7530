"""Moto's models of functions, event source mappings and Function URLs, completed.

Moto (5.2) loses LoggingConfig, DeadLetterConfig, SnapStart and more of what a function is created with, the alias that
a mapping calls, and the qualifier of a Function URL, so that a refresh of a deployed stack would see changes that
nobody made. It keeps the time of creation as that of the last change. Functions would be run by Docker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.models import EventSourceMapping, ImageConfig, LambdaFunction
from moto.core.utils import iso_8601_datetime_with_nanoseconds, utcnow

from toolchain.embedded_aws.functions import split_reference

if TYPE_CHECKING:
    from collections.abc import Callable

_KEPT = {
    "LoggingConfig": "logging_config",
    "DeadLetterConfig": "dead_letter_config",
    "FileSystemConfigs": "file_system_configs",
}
_UPDATED = {
    "TracingConfig": "tracing_config",
    "KMSKeyArn": "kms_key_arn",
}


class Hooks:
    """What the models need of the rest; set once, before the first request.

    Attributes:
        invoke: Accepts an asynchronous invocation that another service of moto asks for: ARN and event.
        entry_url: Address of the HTTP entry.
    """

    invoke: Callable[[str, bytes], None]
    entry_url: str


class CompleteFunction(LambdaFunction):
    """A function that keeps everything that Slipway deploys."""

    def __init__(self, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        self.logging_config: dict[str, Any] | None = spec.get("LoggingConfig")
        self.dead_letter_config: dict[str, Any] | None = spec.get("DeadLetterConfig")
        self.file_system_configs: list[dict[str, Any]] | None = spec.get("FileSystemConfigs")
        self.snap_start = spec.get("SnapStart")
        super().__init__(account_id, spec, region, version)
        if self.package_type == "Zip":
            self.code = dict(self.code)

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """The configuration as the API returns it."""
        config = super().get_configuration(on_create)
        for key, attribute in _KEPT.items():
            if value := getattr(self, attribute):
                config[key] = value
        config["LoggingConfig"] = self.complete_logging()
        apply_on = (self.snap_start or {}).get("ApplyOn", "None")
        published = str(self.version).isdecimal()
        status = "On" if apply_on == "PublishedVersions" and published else "Off"
        config["SnapStart"] = {"ApplyOn": apply_on, "OptimizationStatus": status}
        return config

    def complete_logging(self) -> dict[str, Any]:
        """The logging settings with Lambda's defaults."""
        config: dict[str, Any] = {"LogFormat": "Text", "LogGroup": self.logs_group_name}
        config |= {key: value for key, value in (self.logging_config or {}).items() if value}
        if config["LogFormat"] == "JSON":
            config = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **config}
        return config

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        """Change the configuration; keys that are absent stay as they are."""
        self.last_modified = iso_8601_datetime_with_nanoseconds()
        for key, attribute in {**_KEPT, **_UPDATED}.items():
            if key in config_updates:
                setattr(self, attribute, config_updates[key] or None)
        if "SnapStart" in config_updates:
            self.snap_start = config_updates["SnapStart"]
        if storage := config_updates.get("EphemeralStorage"):
            self.ephemeral_storage = storage["Size"]
        if "ImageConfig" in config_updates:
            self.image_config = ImageConfig(config_updates["ImageConfig"] or {})
        if config_updates.get("Environment") is not None:
            environment = {"Variables": {}, **config_updates["Environment"]}
            config_updates = {**config_updates, "Environment": environment}
        return super().update_configuration(config_updates)

    def update_function_code(self, updated_spec: dict[str, Any]) -> dict[str, Any]:
        """Change the code; a published version keeps what it was published with."""
        self.last_modified = iso_8601_datetime_with_nanoseconds()
        self.code = dict(self.code)
        if architectures := updated_spec.get("Architectures"):
            self.architectures = architectures
        return super().update_function_code(updated_spec)

    def invoke(self, body: str, request_headers: Any, response_headers: Any) -> str | bytes:
        """Accept an event from another service of moto, such as a topic; it runs in the background."""
        del request_headers, response_headers
        Hooks.invoke(self.function_arn, body.encode())
        return b""


class CompleteMapping(EventSourceMapping):
    """An event source mapping that remembers the alias it calls."""

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__(spec)
        self.remember_alias(spec["FunctionName"])

    def remember_alias(self, reference: str) -> None:
        """Call the alias of a function's ARN, not the version that it points to now."""
        _, qualifier = split_reference(reference)
        if qualifier and not qualifier.isdecimal() and not self.function_arn.endswith(f":{qualifier}"):
            base = self.function_arn.partition(":function:")
            self.function_arn = f"{base[0]}:function:{base[2].partition(':')[0]}:{qualifier}"


class FunctionUrl:
    """A Function URL of a version or alias, at an address that answers on this machine."""

    def __init__(self, function: LambdaFunction, qualifier: str, config: dict[str, Any]) -> None:
        self.function = function
        self.qualifier = qualifier
        self.config = {key: config.get(key) for key in ("AuthType", "Cors", "InvokeMode")}
        self.created = self.modified = _now()

    @property
    def url_id(self) -> str:
        """Id of the address, as AWS puts it before `.lambda-url`."""
        return str(self.function.function_name)

    def update(self, config: dict[str, Any]) -> None:
        """Change what is given."""
        self.config |= {key: config[key] for key in self.config if config.get(key) is not None}
        self.modified = _now()

    def to_dict(self) -> dict[str, Any]:
        """The URL as the API returns it."""
        base, _, resource = self.function.function_arn.partition(":function:")
        arn = f"{base}:function:{resource.partition(':')[0]}"
        values = {
            "FunctionUrl": f"{Hooks.entry_url}/_url/{self.function.function_name}/",
            "FunctionArn": arn if self.qualifier == "$LATEST" else f"{arn}:{self.qualifier}",
            "AuthType": self.config["AuthType"],
            "Cors": self.config["Cors"],
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "InvokeMode": self.config["InvokeMode"] or "BUFFERED",
        }
        return {key: value for key, value in values.items() if value is not None}


def _now() -> str:
    return str(utcnow().strftime("%Y-%m-%dT%H:%M:%S.000+0000"))
