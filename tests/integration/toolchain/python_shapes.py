"""The shape of a resource as the classes of `pulumi_aws` declare it, and as a package schema declares it.

A shape is `string`, `boolean`, `integer`, `number`, `any`, `asset`, `archive`, a tuple `("list", shape)` or
`("map", shape)`, or a dictionary of property name (Pulumi's) to shape. Both sides are compared in this form.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import typing
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import _types as names_and_types

Shape = Any
"""One of the forms above; recursive, so not expressible more exactly."""

_SIMPLE = {str: "string", bool: "boolean", int: "integer", float: "number", Any: "any"}
_ASSETS = {pulumi.Asset: "asset", pulumi.Archive: "archive"}


@dataclass(frozen=True)
class Resource:
    """Both sides of a resource.

    Attributes:
        inputs: What a program may set.
        required: Names of inputs without which there is no resource.
        outputs: What the resource has afterwards.
    """

    inputs: dict[str, Shape]
    required: frozenset[str]
    outputs: dict[str, Shape]


def python_resource(token: str) -> Resource:
    """The resource as the Python class of that token declares it; `AttributeError` when there is none."""
    module, name = token.split(":")[1].split("/")[0], token.split(":")[2]
    found = importlib.import_module(f"pulumi_aws.{'lambda_' if module == 'lambda' else module}")
    cls, args = getattr(found, name), getattr(found, f"{name}Args")
    return Resource(_members(names_and_types.input_type_types(args)), _required(args), _python_outputs(cls))


def python_provider() -> Resource:
    """The provider itself; its outputs are left out."""
    import pulumi_aws  # noqa: PLC0415 - seconds to import, and only this module needs it

    args = pulumi_aws.ProviderArgs
    return Resource(_members(names_and_types.input_type_types(args)), _required(args), {})


def schema_resource(spec: Mapping[str, Any], types: Mapping[str, Any]) -> Resource:
    """The resource as a package schema declares it.

    Args:
        spec: The resource's own part of the schema.
        types: The schema's named object types.
    """
    return Resource(
        {name: _schema_shape(value, types) for name, value in spec.get("inputProperties", {}).items()},
        frozenset(spec.get("requiredInputs", ())),
        {name: _schema_shape(value, types) for name, value in spec.get("properties", {}).items()},
    )


def _schema_shape(spec: Mapping[str, Any], types: Mapping[str, Any]) -> Shape:
    reference = spec.get("$ref", "")
    if reference.startswith("pulumi.json#/"):
        return reference.removeprefix("pulumi.json#/").lower()
    if reference:
        named = types[reference.removeprefix("#/types/")]
        return {name: _schema_shape(value, types) for name, value in named["properties"].items()}
    if spec["type"] == "array":
        return ("list", _schema_shape(spec["items"], types))
    if spec["type"] == "object":
        return ("map", _schema_shape(spec["additionalProperties"], types))
    return spec["type"]


def _members(hints: Mapping[str, Any]) -> dict[str, Shape]:
    return {name: _python_shape(hint) for name, hint in hints.items()}


def _python_outputs(cls: type) -> dict[str, Shape]:
    return _members(names_and_types.resource_types(cls))


def _required(args: type) -> frozenset[str]:
    names = names_and_types.input_type_py_to_pulumi_names(args)
    parameters = inspect.signature(args.__init__).parameters
    return frozenset(
        names.get(name, name)
        for name, parameter in parameters.items()
        if name != "__self__" and parameter.default is inspect.Parameter.empty
    )


def _python_shape(hint: Any) -> Shape:
    hint = _value_type(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {Sequence, list}:
        return ("list", _python_shape(arguments[0]))
    if origin in {Mapping, dict}:
        return ("map", _python_shape(arguments[1]))
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if hint in _ASSETS:
        return _ASSETS[hint]
    if issubclass(hint, enum.Enum):
        return "string"
    if names_and_types.is_input_type(hint):
        return _members(names_and_types.input_type_types(hint))
    if names_and_types.is_output_type(hint):
        return _members(names_and_types.output_type_types(hint))
    raise TypeError(f"no shape is known for {hint!r}")


def _value_type(hint: Any) -> Any:
    """The plain type of a value, without the optional, awaitable and Output forms in which it may be given.

    Where a text may also be given as an object or an enumeration, the text is the type.
    """
    if typing.get_origin(hint) is not typing.Union:
        return hint
    plain = [
        member
        for member in typing.get_args(hint)
        if member is not type(None) and typing.get_origin(member) not in {Awaitable, pulumi.Output}
    ]
    if str in plain:
        return str
    if pulumi.Asset in plain:  # wherever an asset may stand, an archive may
        return pulumi.Asset
    classes = [member for member in plain if not typing.is_typeddict(member)]
    if len(classes) != 1:
        raise TypeError(f"more than one plain type in {hint!r}")
    return _value_type(classes[0])
