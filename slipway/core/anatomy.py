"""Finds what a model says about a property: its kind, its limits in words, the keys that stand beside it."""

from __future__ import annotations

import dataclasses
import types
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel

from slipway.core.fields import Bounds, Later, Private, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.core.document import PropertyPath

KEY = "[key]"
"""Last part of a path that means the key of a mapping's item, not its value."""

_KINDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Spot:
    """What a model says about one property.

    Attributes:
        annotation: Its type without `Annotated` and `None`.
        metadata: What `Annotated` added on the way to it.
        private: Whether its value is never shown.
    """

    annotation: Any
    metadata: Sequence[Any] = ()
    private: bool = False

    @property
    def kind(self) -> str:
        """The expected type in words."""
        if isinstance(self.annotation, type) and issubclass(self.annotation, BaseModel):
            return "a mapping"
        if get_origin(self.annotation) is Literal:
            return _KINDS[type(get_args(self.annotation)[0])]
        return _KINDS.get(get_origin(self.annotation) or self.annotation, "any value")

    @property
    def keys(self) -> list[str]:
        """Keys that a mapping here may have; empty where any may stand."""
        return list(_fields(self.annotation)) if _is_model(self.annotation) else []

    @property
    def choices(self) -> list[str]:
        """Values of which one must stand here."""
        values = get_args(self.annotation) if get_origin(self.annotation) is Literal else ()
        return ["true" if value is True else str(value) for value in values]

    @property
    def form(self) -> str:
        """What is allowed here, in words; empty when the type says it all."""
        if self.choices:
            return f"one of {', '.join(self.choices)}" if len(self.choices) > 1 else self.choices[0]
        return next((item.form for item in self.metadata if isinstance(item, Bounds | Shape)), "")

    @property
    def remedy(self) -> str:
        """What to do about a value of another form; empty when the form says it."""
        return next((item.remedy for item in self.metadata if isinstance(item, Shape)), "")

    @property
    def size(self) -> str:
        """The allowed length in words."""
        low = next((m.min_length for m in self.metadata if isinstance(m, annotated_types.MinLen)), 0)
        high = next((m.max_length for m in self.metadata if isinstance(m, annotated_types.MaxLen)), None)
        unit = "characters" if self.annotation is str else "items"
        if high is None:
            return f"at least {low} {unit.removesuffix('s') if low == 1 else unit}"
        return f"{low}-{high} {unit}"

    @property
    def later(self) -> str:
        """What to do instead of a key that is not served yet; empty for all others."""
        return next((item.instead for item in self.metadata if isinstance(item, Later)), "")


def spot(model: type[BaseModel], path: PropertyPath) -> Spot:
    """What a model says about a property.

    Args:
        model: Model of the whole document.
        path: The property, with the names that the file uses; `[key]` at the end means the key itself.

    Returns:
        The spot; one without a type where the model does not look any deeper.
    """
    here = Spot(model)
    for part in path:
        here = _step(here, part)
    return here


def hides_keys(model: type[BaseModel], holder: PropertyPath) -> bool:
    """Whether the keys below a property are not shown, because a value that looks like a mapping may be a secret."""
    here = spot(model, holder)
    return here.private or not (_is_model(here.annotation) or get_origin(here.annotation) in {dict, list})


def later_keys(model: type[BaseModel], data: object) -> dict[PropertyPath, str]:
    """Keys in a document that the model describes but does not serve yet, each with what to do instead."""
    found: dict[PropertyPath, str] = {}
    for key, value in data.items() if isinstance(data, dict) else ():
        here = _step(Spot(model), key)
        if here.later:
            found[key,] = here.later
        elif _is_model(here.annotation):
            found.update({(key, *path): instead for path, instead in later_keys(here.annotation, value).items()})
    return found


def _step(here: Spot, part: str | int) -> Spot:
    annotation, arguments = here.annotation, get_args(here.annotation)
    if _is_model(annotation):
        field = _fields(annotation).get(str(part))
        return _peel(*field, here) if field else Spot(None, private=here.private)
    if get_origin(annotation) is dict:
        # Somebody who mistakes key and value wrote the secret as the key; a key is shown only where values may be.
        return _peel(arguments[0 if part == KEY else 1], (), here)
    if part == KEY:
        return here
    return _peel(arguments[0], (), here) if get_origin(annotation) is list else Spot(None, private=here.private)


@lru_cache
def _fields(model: type[BaseModel]) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    return {
        field.alias or name: (field.annotation, tuple(field.metadata)) for name, field in model.model_fields.items()
    }


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _peel(annotation: Any, metadata: Sequence[Any], above: Spot) -> Spot:
    found = list(metadata)
    while True:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation = arguments[0]
            for item in arguments[1:]:
                found.extend(getattr(item, "metadata", [item]))
        elif origin in {Union, types.UnionType}:
            annotation = next(item for item in arguments if item is not type(None))
        else:
            break
    private = above.private or any(isinstance(item, Private) for item in found)
    return Spot(annotation, tuple(found), private)
