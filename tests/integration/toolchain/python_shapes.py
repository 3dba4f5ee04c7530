"""The shape of a resource as the classes of `pulumi_aws` declare it, and as a package schema declares it.

A shape is `string`, `boolean`, `integer`, `number`, `asset`, `archive`, a tuple `("list", shape)` or
`("map", shape)`, or a dictionary of property name (Pulumi's) to shape. Both sides are compared in this form.
"""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import re
import typing
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import _types as names_and_types

Shape = Any
"""One of the forms above; recursive, so not expressible more exactly."""

_SIMPLE = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    pulumi.Asset: "asset",
    pulumi.Archive: "archive",
}


@dataclass(frozen=True)
class Resource:
    """Both sides of a resource.

    Attributes:
        inputs: What a program may set.
        required: Names of inputs without which there is no resource.
        outputs: What the resource has afterwards.
        secrets: Names of properties that are encrypted in the state.
    """

    inputs: dict[str, Shape]
    required: frozenset[str]
    outputs: dict[str, Shape]
    secrets: frozenset[str] = frozenset()


def python_resource(token: str) -> Resource:
    """The resource as the Python class of that token declares it; `AttributeError` when there is none."""
    module, name = token.split(":")[1].split("/", maxsplit=1)[0], token.split(":")[2]
    found = importlib.import_module(f"pulumi_aws.{'lambda_' if module == 'lambda' else module}")
    cls = getattr(found, name)
    # A nested object may own the name `<resource>Args`; the generator then calls the resource's `<resource>InitArgs`.
    args = getattr(found, f"{name}InitArgs", None) or getattr(found, f"{name}Args")
    return Resource(
        _members(names_and_types.input_type_types(args)),
        _required(args),
        _members(names_and_types.resource_types(cls)),
        _secrets(cls),
    )


def python_provider() -> Resource:
    """The provider itself; its outputs are left out."""
    import pulumi_aws

    args = pulumi_aws.ProviderArgs
    return Resource(_members(names_and_types.input_type_types(args)), _required(args), outputs={})


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
        frozenset(name for name, value in spec.get("properties", {}).items() if value.get("secret")),
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


def _required(args: type) -> frozenset[str]:
    names = names_and_types.input_type_py_to_pulumi_names(args)
    parameters = inspect.signature(args.__init__).parameters
    return frozenset(
        names.get(name, name)
        for name, parameter in parameters.items()
        if name != "__self__" and parameter.default is inspect.Parameter.empty
    )


def _secrets(cls: type) -> frozenset[str]:
    """Read from the source, which names them in the options of each new resource."""
    listed = re.search(r"additional_secret_outputs=(\[.*?\])", inspect.getsource(cls))
    return frozenset(ast.literal_eval(listed[1])) if listed else frozenset()


def _python_shape(hint: Any) -> Shape:
    hint = _value_type(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is not None:
        kind, element = ("list", arguments[0]) if origin in {Sequence, list} else ("map", arguments[1])
        return (kind, _python_shape(element))
    if names_and_types.is_input_type(hint):
        return _members(names_and_types.input_type_types(hint))
    if names_and_types.is_output_type(hint):
        return _members(names_and_types.output_type_types(hint))
    return "string" if issubclass(hint, enum.Enum) else _SIMPLE[hint]


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
