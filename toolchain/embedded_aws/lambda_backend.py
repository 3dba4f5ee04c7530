"""Moto's Lambda control plane, completed; Invoke itself is answered before a request comes here.

Moto (5.2) ignores qualifiers of Function URLs and of settings for asynchronous invocations, has no provisioned
concurrency, and keeps an empty routing of an alias.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import moto.awslambda.models as lambda_models
import moto.awslambda.urls as lambda_urls
import moto.awslambda_simple.models as simple_models
from moto.awslambda.exceptions import ConflictException, GenericResourcNotFound, UnknownEventConfig
from moto.awslambda.models import EventInvokeConfig, EventSourceMapping, LambdaAlias
from moto.awslambda.responses import LambdaResponse
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.core.responses import ActionResult
from moto.core.utils import unix_time, utcnow
from moto.sqs.models import sqs_backends

from toolchain.embedded_aws.functions import split_reference
from toolchain.embedded_aws.lambda_function import CompleteFunction, CompleteMapping, FunctionUrl, Hooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.core.common_types import TYPE_RESPONSE

_PROVISIONED = r"{0}/2019-09-30/functions/(?P<function_name>[\w_:%-]+)/provisioned-concurrency"


class CompleteBackend(LambdaSimpleBackend):
    """Lambda's control plane; Invoke itself is answered before a request comes here."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._event_invoke: dict[tuple[str, str], EventInvokeConfig] = {}
        self._urls: dict[tuple[str, str], FunctionUrl] = {}
        self._provisioned: dict[tuple[str, str], dict[str, Any]] = {}

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
            mapping.remember_alias(spec["FunctionName"])
        return mapping

    def update_alias(
        self, name: str, function_name: str, function_version: str, description: str, routing_config: Any
    ) -> LambdaAlias:
        """Change an alias; one whose weights were taken away has no routing any more, as AWS answers."""
        alias = super().update_alias(name, function_name, function_version, description, routing_config)
        routing: Any = alias.routing_config
        if not (routing or {}).get("AdditionalVersionWeights"):
            alias.routing_config = ""
        return alias

    def find_url(self, name: str) -> FunctionUrl | None:
        """A Function URL by the name of its function."""
        return next((url for (owner, _), url in list(self._urls.items()) if owner == name), None)

    def create_function_url_config(self, name_or_arn: str, config: dict[str, Any]) -> Any:
        """Make a Function URL; `name_or_arn` may carry a qualifier."""
        key = self._url_key(name_or_arn)
        if key in self._urls:
            raise ConflictException(f"FunctionUrlConfig exists for this Lambda function: {key[0]}")
        self._urls[key] = FunctionUrl(self.get_function(name_or_arn), key[1], config)
        return self._urls[key]

    def get_function_url_config(self, name_or_arn: str) -> Any:
        """A Function URL."""
        key = self._url_key(name_or_arn)
        if key not in self._urls:
            raise GenericResourcNotFound
        return self._urls[key]

    def update_function_url_config(self, name_or_arn: str, config: dict[str, Any]) -> Any:
        """Change a Function URL."""
        url = self.get_function_url_config(name_or_arn)
        url.update(config)
        return url

    def delete_function_url_config(self, name_or_arn: str) -> None:
        """Remove a Function URL."""
        self._urls.pop(self._url_key(name_or_arn), None)

    def _url_key(self, name_or_arn: str) -> tuple[str, str]:
        self.get_function(name_or_arn)
        name, qualifier = split_reference(name_or_arn)
        return name, _canonical(qualifier)

    def put_provisioned(self, name: str, qualifier: str, count: int) -> dict[str, Any]:
        """Set provisioned concurrency; here it is only kept, as sandboxes stay warm anyway."""
        self.get_function(name, qualifier)
        self._provisioned[name, qualifier] = {
            "RequestedProvisionedConcurrentExecutions": count,
            "AvailableProvisionedConcurrentExecutions": count,
            "AllocatedProvisionedConcurrentExecutions": count,
            "Status": "READY",
            "LastModified": utcnow().strftime("%Y-%m-%dT%H:%M:%S+0000"),
        }
        return self._provisioned[name, qualifier]

    def get_provisioned(self, name: str, qualifier: str) -> dict[str, Any] | None:
        """Provisioned concurrency of a version or alias, or None."""
        return self._provisioned.get((name, qualifier))

    def delete_provisioned(self, name: str, qualifier: str) -> None:
        """Remove provisioned concurrency."""
        self._provisioned.pop((name, qualifier), None)

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
            settings: tuple[dict[tuple[str, str], Any], ...] = (self._event_invoke, self._urls, self._provisioned)
            for kind in settings:
                for key in [key for key in kind if key[0] == name]:
                    del kind[key]


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

    def create_function_url_config(self) -> TYPE_RESPONSE:
        """A Function URL of a version or alias."""
        url = self.backend.create_function_url_config(self._qualified_name(), self.json_body)
        return 201, {"status": 201}, json.dumps(url.to_dict())

    def get_function_url_config(self) -> TYPE_RESPONSE:
        """A Function URL of a version or alias."""
        return 200, {}, json.dumps(self.backend.get_function_url_config(self._qualified_name()).to_dict())

    def update_function_url_config(self) -> str:
        """A Function URL of a version or alias."""
        return json.dumps(self.backend.update_function_url_config(self._qualified_name(), self.json_body).to_dict())

    def delete_function_url_config(self) -> TYPE_RESPONSE:
        """A Function URL of a version or alias."""
        self.backend.delete_function_url_config(self._qualified_name())
        return 204, {"status": 204}, ""

    def put_provisioned_concurrency_config(self) -> TYPE_RESPONSE:
        """Provisioned concurrency of a version or alias."""
        name, qualifier = split_reference(self._qualified_name())
        count = int(self.json_body["ProvisionedConcurrentExecutions"])
        return 202, {"status": 202}, json.dumps(self._complete().put_provisioned(name, _canonical(qualifier), count))

    def get_provisioned_concurrency_config(self) -> TYPE_RESPONSE:
        """Provisioned concurrency of a version or alias."""
        name, qualifier = split_reference(self._qualified_name())
        found = self._complete().get_provisioned(name, _canonical(qualifier))
        if found is None:
            message = f"No Provisioned Concurrency Config found for this function: {name}:{qualifier}"
            headers = {"x-amzn-errortype": "ProvisionedConcurrencyConfigNotFoundException", "status": 404}
            return 404, headers, json.dumps({"Type": "User", "Message": message})
        return 200, {}, json.dumps(found)

    def delete_provisioned_concurrency_config(self) -> TYPE_RESPONSE:
        """Provisioned concurrency of a version or alias."""
        name, qualifier = split_reference(self._qualified_name())
        self._complete().delete_provisioned(name, _canonical(qualifier))
        return 204, {"status": 204}, ""

    def _complete(self) -> CompleteBackend:
        backend = self.backend
        assert isinstance(backend, CompleteBackend)
        return backend


def install(invoke: Callable[[str, bytes], None], entry_url: str) -> None:
    """Put these models in the place of moto's, before the first request.

    Args:
        invoke: Accepts an asynchronous invocation that another service of moto asks for: ARN and event.
        entry_url: Address of the HTTP entry, where Function URLs answer.
    """
    Hooks.invoke = invoke
    Hooks.entry_url = entry_url
    default_user_config["lambda"] = {"use_docker": False}
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    lambda_models.LambdaFunction = CompleteFunction  # type: ignore[misc]
    lambda_models.EventSourceMapping = CompleteMapping  # type: ignore[misc]
    simple_models.lambda_simple_backends = BackendDict(CompleteBackend, "lambda")
    lambda_urls.url_paths[_PROVISIONED] = CompleteResponse.dispatch
    for path in lambda_urls.url_paths:
        lambda_urls.url_paths[path] = CompleteResponse.dispatch


def _canonical(qualifier: str | None) -> str:
    return qualifier or "$LATEST"
