"""Resources as rules see them: plain values, with one mark for what is not known before an update."""

from __future__ import annotations

import dataclasses
import enum
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class _Unknown(enum.Enum):
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        """No answer is right.

        Raises:
            TypeError: Always; a rule must ask `is UNKNOWN` first.
        """
        raise TypeError("a value that is not known yet is neither true nor false; compare it with UNKNOWN")


UNKNOWN: Final = _Unknown.UNKNOWN
"""A value that the engine learns only during the update."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """One resource that a program declares.

    Attributes:
        urn: Its URN.
        type: Its type token, `aws:lambda/function:Function`.
        name: Its logical name, the last part of the URN.
        props: Its properties, inputs before an update; dicts, lists and scalars, UNKNOWN where nothing is known.
        parent: URN of what it belongs to; empty where that is not told.
        inputs: What the program declares, where the properties are the provider's answer; None where they are the same.
        sources: Property to URNs of the resources that its value comes from, as far as the engine tells.
    """

    urn: str
    type: str
    name: str
    props: Mapping[str, Any]
    parent: str = ""
    inputs: Mapping[str, Any] | None = None
    sources: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)

    def get(self, path: str) -> Any:
        """The value at a path, `tracingConfig.mode` or `rules[0].id`; see `at`."""
        return at(self.props, path)

    def declared(self, path: str) -> Any:
        """The value at a path; what the provider alone will fill in during the update counts as not there.

        A provider answers a preview with the mark for each property that it may compute, set or not.
        """
        found = self.get(path)
        return at(self.inputs, path) if found is UNKNOWN and self.inputs is not None else found

    @property
    def physical_name(self) -> str | None:
        """What it is called outside the stack, where its properties say so."""
        named = (self.get("metadata.name"), self.get("name"), self.get("bucket"))
        return next((name for name in named if isinstance(name, str)), None)


def at(value: Any, path: str) -> Any:
    """The value at a path of keys and list indexes.

    Args:
        value: Where to begin.
        path: Keys, separated by dots, with indexes in brackets: `spec.containers[0].image`.

    Returns:
        The value; None where there is none; UNKNOWN where it, or anything that holds it, is not known yet.
    """
    for key in path.replace("[", ".[").split("."):
        if value is UNKNOWN:
            return UNKNOWN
        if key.startswith("["):
            index = int(key[1:-1])
            value = value[index] if isinstance(value, list) and index < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def items(value: Any) -> list[Any]:
    """A list's items, or one value as a list of itself; none for None. The value itself must be known."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def holds_unknown(value: Any) -> bool:
    """Whether any part of a value is not known yet."""
    return any(leaf is UNKNOWN for leaf in leaves(value))


def leaves(value: Any) -> Iterator[Any]:
    """All scalars in a value."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def document(value: Any) -> Any:
    """A JSON document that a property holds as text or as an object.

    Returns:
        The parsed document; UNKNOWN if the text is not known yet; None if there is none or it is no JSON.
    """
    if value is UNKNOWN or isinstance(value, (dict, list)) or value is None:
        return value
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return None
