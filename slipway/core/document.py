"""Values of a file together with the places where they stand."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from slipway.core.findings import Finding

PropertyPath = tuple[str | int, ...]
"""Keys and list indexes from the root of a document to a value."""


_SHOWN = 60


def quoted(text: str) -> str:
    """Text in quotes on one line, shortened to what a message can hold."""
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...")


def property_name(path: PropertyPath) -> str:
    """A property as people write it: `events[0].http.path`."""
    name = ""
    for part in path:
        if isinstance(part, int):
            name += f"[{part}]"
        else:
            shown = part if re.fullmatch(r"[\w:./+-]{1,60}", part) else quoted(part)
            name += f".{shown}" if name else shown
    return name


class PathSet:
    """A set of properties that answers at once whether a property lies above or below one of them."""

    def __init__(self, paths: Iterable[PropertyPath] = ()) -> None:
        self._paths: set[PropertyPath] = set()
        self._above: set[PropertyPath] = set()
        self.update(paths)

    def __contains__(self, path: PropertyPath) -> bool:
        return path in self._paths

    def __iter__(self) -> Iterator[PropertyPath]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def add(self, path: PropertyPath) -> None:
        """Add a property."""
        self._paths.add(path)
        self._above.update(path[:length] for length in range(len(path)))

    def update(self, paths: Iterable[PropertyPath]) -> None:
        """Add several properties."""
        for path in paths:
            self.add(path)

    def touches(self, path: PropertyPath) -> bool:
        """Whether a property is in the set, or lies above or below one that is."""
        return path in self._above or any(path[:length] in self._paths for length in range(len(path) + 1))


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, both numbers from 1."""

    line: int
    column: int


_START = Mark(1, 1)


@dataclasses.dataclass(kw_only=True, slots=True)
class Document:
    """One parsed file.

    Attributes:
        file: Path as messages show it.
        data: The values as dicts, lists, str, int, float and bool; None when nothing can be used. Keys without a value
            are left out.
        keys: Where the key of a property stands.
        values: Where the value of a property stands.
        findings: What is wrong with the file as YAML.
        refused: Properties that a finding already speaks about; what follows from them is not reported again.
        incomplete: Mappings in which keys may be missing because something in them was refused.
        prefix: What stands before every property in messages.
    """

    file: str
    data: Any = None
    keys: dict[PropertyPath, Mark] = dataclasses.field(default_factory=dict)
    values: dict[PropertyPath, Mark] = dataclasses.field(default_factory=dict)
    findings: list[Finding] = dataclasses.field(default_factory=list)
    refused: PathSet = dataclasses.field(default_factory=PathSet)
    incomplete: set[PropertyPath] = dataclasses.field(default_factory=set)
    prefix: str = ""

    def mark(self, path: PropertyPath, *, key: bool = False) -> Mark:
        """Where a property stands, or the nearest one above it that does.

        Args:
            path: The property.
            key: Whether its key is meant instead of its value.
        """
        marks = self.keys if key else self.values
        if path in marks:
            return marks[path]
        for length in range(len(path) - 1, 0, -1):
            if path[:length] in self.values:
                return self.keys.get(path[:length], self.values[path[:length]])
        return self.values.get((), _START)

    def section(self, prefix: str, *, at: PropertyPath) -> Document:
        """The properties of one mapping whose keys start with a prefix, as a document of their own, without it.

        Args:
            prefix: Start of the keys, for example `slipway:`; it is shown before each property.
            at: The mapping.
        """

        def inner(path: PropertyPath) -> PropertyPath | None:
            rest = path[len(at) :]
            if path[: len(at)] != at or not rest or not str(rest[0]).startswith(prefix):
                return None
            return (str(rest[0])[len(prefix) :], *rest[1:])

        def moved(marks: Mapping[PropertyPath, Mark]) -> dict[PropertyPath, Mark]:
            return {new: mark for path, mark in marks.items() if (new := inner(path)) is not None}

        source: Any = self.data
        for part in at:
            source = source[part]
        return Document(
            file=self.file,
            data={key[len(prefix) :]: value for key, value in source.items() if key.startswith(prefix)},
            keys=moved(self.keys),
            values={(): self.mark(at, key=True), **moved(self.values)},
            refused=PathSet(new for path in self.refused if (new := inner(path)) is not None),
            incomplete={()} if at in self.incomplete else set(),
            prefix=prefix,
        )
