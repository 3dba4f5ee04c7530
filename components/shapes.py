"""Shapes of the arguments for programs in other languages, made from the dataclasses, which stay the only truth.

The host of the SDK (pulumi 3.256) reads annotations that are no text, knows lists and dictionaries but no abstract
collections, and hands over dictionaries whose integers are floats.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import types
from collections.abc import Mapping
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints

import pulumi

HIDDEN = frozenset(
    {"transforms", "targets", "public_http", "knative_bus", "knative_events", "made_on", "publish", "shipped"}
)
"""Fields that no other language can give: functions, and what `EnvironmentArgs.serving` finds out."""


@functools.cache
def shape_of(args: type[Any]) -> type[Any]:
    """The shape of a dataclass: a class of the same name whose annotations the host understands.

    Its name and module are the dataclass' own, so that the host finds its docstrings.
    """
    hints = _hints(args)
    annotations: dict[str, Any] = {}
    for field in dataclasses.fields(args):
        if field.name in HIDDEN:
            continue
        found = _shape(hints[field.name])
        optional = not _is_required(field)
        annotations[field.name] = NotRequired[found] if optional else found
    return type(
        args.__name__, (), {"__annotations__": annotations, "__doc__": args.__doc__, "__module__": args.__module__}
    )


def whole(hint: Any, value: Any) -> Any:
    """A value as it is, with integers where the annotation says so.

    Args:
        hint: A dataclass, or the annotation of one of its fields.
        value: What the host handed over.
    """
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        hints = _hints(hint)
        return {name: whole(hints[name], item) for name, item in value.items()}
    if _without_none(hint) is int and isinstance(value, float):
        return int(value)
    inner = get_args(hint)
    if _is_union(hint):
        return whole(_without_none(hint), value) if len(inner) == 2 else value  # noqa: PLR2004 - X | None
    if isinstance(value, list) and inner:
        return [whole(inner[0], item) for item in value]
    if isinstance(value, Mapping) and len(inner) == 2:  # noqa: PLR2004 - key and value
        return {key: whole(inner[1], item) for key, item in value.items()}
    return value


def _shape(hint: Any) -> Any:
    hint = _without_none(hint)
    if _is_input(hint):
        return pulumi.Input[str]  # type: ignore[misc] # at run time; arguments have no other kind of input
    if dataclasses.is_dataclass(hint):
        return shape_of(hint)  # type: ignore[arg-type] # a class, not an instance
    origin, inner = get_origin(hint), get_args(hint)
    if origin is collections.abc.Sequence:
        return types.GenericAlias(list, (_shape(inner[0]),))
    if origin is collections.abc.Mapping:
        return types.GenericAlias(dict, (str, _shape(inner[1])))
    return hint


def _hints(args: Any) -> Mapping[str, Any]:
    return get_type_hints(args, localns={"Output": pulumi.Output, "T": Any})  # `pulumi.Input` names both by text


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in {Union, types.UnionType}


def _is_input(hint: Any) -> bool:
    return _is_union(hint) and any(get_origin(part) is pulumi.Output for part in get_args(hint))


def _without_none(hint: Any) -> Any:
    """`X` for `X | None`; an input that may be missing stays an input."""
    if not _is_union(hint):
        return hint
    parts = [part for part in get_args(hint) if part is not type(None)]
    return parts[0] if len(parts) == 1 else Union[tuple(parts)]  # noqa: UP007 - made at run time
