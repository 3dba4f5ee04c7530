"""Moto's Lambda, completed: what it forgets is kept, and nothing is run by moto itself.

Moto (5.2) loses LoggingConfig, DeadLetterConfig, SnapStart and more of what a function is created with, so that a
refresh of a deployed stack would see changes that nobody made. Its own triggers would start Docker.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import moto.awslambda.models as lambda_models
import moto.awslambda.urls as lambda_urls
import moto.awslambda_simple.models as simple_models
from moto.awslambda.exceptions import UnknownEventConfig
from moto.awslambda.models import EventInvokeConfig, EventSourceMapping, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.core.responses import ActionResult
from moto.core.utils import unix_time
from moto.sqs.models import sqs_backends

from toolchain.embedded_aws.functions import split_reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.core.common_types import TYPE_RESPONSE

_KEPT = {
    "LoggingConfig": "logging_config",
    "DeadLetterConfig": "dead_letter_config",
    "FileSystemConfigs": "file_system_configs",
}
_UPDATED = {
    "TracingConfig": "tracing_config",
    "KMSKeyArn": "kms_key_arn",
}


class _Hooks:
    """What the models call back; set once by `install`."""

    invoke: Callable[[str, bytes], None]


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
        for key, attribute in {**_KEPT, **_UPDATED}.items():
            if key in config_updates:
                setattr(self, attribute, config_updates[key] or None)
        if "SnapStart" in config_updates:
            self.snap_start = config_updates["SnapStart"]
        if storage := config_updates.get("EphemeralStorage"):
            self.ephemeral_storage = storage["Size"]
        if "ImageConfig" in config_updates:
            self.image_config = lambda_models.ImageConfig(config_updates["ImageConfig"] or {})
        if config_updates.get("Environment") is not None:
            environment = {"Variables": {}, **config_updates["Environment"]}
            config_updates = {**config_updates, "Environment": environment}
        return super().update_configuration(config_updates)

    def update_function_code(self, updated_spec: dict[str, Any]) -> dict[str, Any]:
        """Change the code; a published version keeps what it was published with."""
        self.code = dict(self.code)
        if architectures := updated_spec.get("Architectures"):
            self.architectures = architectures
        return super().update_function_code(updated_spec)

    def invoke(self, body: str, request_headers: Any, response_headers: Any) -> str | bytes:
        """Accept an event from another service of moto, such as a topic; it runs in the background."""
        del request_headers, response_headers
        _Hooks.invoke(self.function_arn, body.encode())
        return b""


class CompleteMapping(EventSourceMapping):
    """An event source mapping that remembers the alias it calls."""

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__(spec)
        self._remember(spec["FunctionName"])

    def _remember(self, reference: str) -> None:
        _, qualifier = split_reference(reference)
        if qualifier and not qualifier.isdecimal() and not self.function_arn.endswith(f":{qualifier}"):
            base = self.function_arn.partition(":function:")
            self.function_arn = f"{base[0]}:function:{base[2].partition(':')[0]}:{qualifier}"


class CompleteBackend(LambdaSimpleBackend):
    """Lambda's control plane; Invoke itself is answered before a request comes here."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._event_invoke: dict[tuple[str, str], EventInvokeConfig] = {}

    def create_event_source_mapping(self, spec: dict[str, Any]) -> EventSourceMapping:
        """Make a mapping; queues are polled by us, so moto's own delivery is taken off the queue."""
        mapping = super().create_event_source_mapping(spec)
        for queue in sqs_backends[self.account_id][self.region_name].queues.values():
            queue.lambda_event_source_mappings.clear()
        return mapping

    def update_event_source_mapping(self, uuid: str, spec: dict[str, Any]) -> EventSourceMapping | None:
        """Change a mapping."""
        mapping = super().update_event_source_mapping(uuid, spec)
        if isinstance(mapping, CompleteMapping) and "FunctionName" in spec:
            mapping._remember(spec["FunctionName"])  # noqa: SLF001 - both are the same model
        return mapping

    def event_invoke_settings(self, name: str, qualifier: str | None) -> dict[str, Any]:
        """Settings of asynchronous invocations for a version or alias; empty where none are deployed."""
        config = self._event_invoke.get((name, _canonical(qualifier)))
        return dict(config.config) if config else {}

    def put_function_event_invoke_config(self, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        """Set the settings of asynchronous invocations; `function_name` may carry a qualifier."""
        model = self.get_function(function_name)
        name, qualifier = split_reference(function_name)
        base = model.function_arn.rpartition(":function:")[0]
        arn = f"{base}:function:{name}:{_canonical(qualifier)}"
        self._event_invoke[name, _canonical(qualifier)] = EventInvokeConfig(arn, cast("str", unix_time()), config)
        return self.get_function_event_invoke_config(function_name)

    def update_function_event_invoke_config(self, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        """Change some of the settings."""
        name, qualifier = split_reference(function_name)
        return self.put_function_event_invoke_config(
            function_name, {**self.event_invoke_settings(name, qualifier), **config}
        )

    def get_function_event_invoke_config(self, function_name: str) -> dict[str, Any]:
        """The settings, as the API returns them."""
        model = self.get_function(function_name)
        name, qualifier = split_reference(function_name)
        config = self._event_invoke.get((name, _canonical(qualifier)))
        if config is None:
            raise UnknownEventConfig(model.function_arn)
        return config.response()

    def delete_function_event_invoke_config(self, function_name: str) -> None:
        """Remove the settings."""
        self.get_function_event_invoke_config(function_name)
        name, qualifier = split_reference(function_name)
        del self._event_invoke[name, _canonical(qualifier)]

    def list_function_event_invoke_configs(self, function_name: str) -> dict[str, Any]:
        """The settings of all versions and aliases of a function."""
        name, _ = split_reference(function_name)
        found = [config.response() for (owner, _), config in self._event_invoke.items() if owner == name]
        return {"FunctionEventInvokeConfigs": found}

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        """Remove a function or one version, and what belongs to it."""
        super().delete_function(function_name, qualifier)
        name, own_qualifier = split_reference(function_name)
        if not (qualifier or own_qualifier):
            for key in [key for key in self._event_invoke if key[0] == name]:
                del self._event_invoke[key]


class CompleteResponse(LambdaResponse):
    """Reads from a request what moto overlooks."""

    def _qualified_name(self) -> str:
        parts = self.path.split("/")
        name = unquote(parts[parts.index("functions") + 1])
        qualifier = self._get_param("Qualifier")
        return f"{split_reference(name)[0]}:{qualifier}" if qualifier else name

    def put_function_event_invoke_config(self) -> ActionResult:
        """Settings of asynchronous invocations of a version or alias."""
        return ActionResult(self.backend.put_function_event_invoke_config(self._qualified_name(), self.json_body))

    def get_function_event_invoke_config(self) -> ActionResult:
        """Settings of asynchronous invocations of a version or alias."""
        return ActionResult(self.backend.get_function_event_invoke_config(self._qualified_name()))

    def delete_function_event_invoke_config(self) -> TYPE_RESPONSE:
        """Settings of asynchronous invocations of a version or alias."""
        self.backend.delete_function_event_invoke_config(self._qualified_name())
        return 204, {"status": 204}, ""

    def update_function_event_invoke_config(self) -> str:
        """Settings of asynchronous invocations of a version or alias."""
        return json.dumps(self.backend.update_function_event_invoke_config(self._qualified_name(), self.json_body))


def install(invoke: Callable[[str, bytes], None]) -> None:
    """Put these models in the place of moto's, before the first request.

    Args:
        invoke: Accepts an asynchronous invocation that another service of moto asks for: ARN and event.
    """
    _Hooks.invoke = invoke
    default_user_config["lambda"] = {"use_docker": False}
    lambda_models.LambdaFunction = CompleteFunction  # type: ignore[misc]
    lambda_models.EventSourceMapping = CompleteMapping  # type: ignore[misc]
    simple_models.lambda_simple_backends = BackendDict(CompleteBackend, "lambda")
    for path in lambda_urls.url_paths:
        lambda_urls.url_paths[path] = CompleteResponse.dispatch


def _canonical(qualifier: str | None) -> str:
    return qualifier or "$LATEST"
