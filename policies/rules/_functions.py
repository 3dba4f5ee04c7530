"""What rules about functions on Lambda share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.links import refers

if TYPE_CHECKING:
    from policies.judge.values import Resource

FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FILTER = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
INVOKE_CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
PERMISSION = "aws:lambda/permission:Permission"
URL = "aws:lambda/functionUrl:FunctionUrl"
LAYER_PERMISSION = "aws:lambda/layerVersionPermission:LayerVersionPermission"

_DEFAULTED = "__defaults"


def is_image(function: Resource) -> bool:
    """Whether a function is an image, which brings its runtime along and cannot be signed."""
    return function.get("packageType") == "Image" or function.get("imageUri") is not None


def said(resource: Resource, key: str) -> Any:
    """A property's value, as far as the program says it: a default that the provider filled in is None."""
    defaulted = resource.get(_DEFAULTED)
    return None if isinstance(defaulted, list) and key in defaulted else resource.get(key)


def calls(resource: Resource, path: str, function: Resource) -> bool | None:
    """Whether a property names a function, by name, ARN or the short ARN `ACCOUNT:function:NAME`, of any version."""
    value = resource.get(path)
    if isinstance(value, str) and not value.startswith("arn:") and ":" in value:
        parts = value.split(":")
        name = parts[parts.index("function") + 1] if "function" in parts[:-1] else parts[0]
        return bool(name == function.get("name"))
    return refers(resource, path, function)
