"""YAML with positions: plain values, where each of them stands, and one finding for each thing that is not taken.

Only the part of YAML that every reader understands alike is taken: mappings, lists, text, decimal numbers, true, false.
Anchors, aliases, merge keys and tags are refused while events are read, so nothing is ever expanded. Scalars follow the
core schema of YAML 1.2; those that YAML 1.1 reads otherwise (`yes`, `0x10`, `1_000`, `1:30`) are refused as ambiguous.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import yaml

from slipway.core.document import Document, Mark, PropertyPath, property_name, quoted
from slipway.core.files import UnreadableError, read_text
from slipway.core.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT_BYTES = 256 * 1024
"""Largest file that is parsed; a thousand times what a manifest needs."""

_DEPTH = 32
_DIGITS = 18
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAB_INDENT = re.compile(r"^[ ]*\t", re.MULTILINE)
_LONG_QUOTE = re.compile(r"'[^'<]{2,}'")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WORD = re.compile(r"(?i:yes|no|on|off|y|n)")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ODD_NUMBER = re.compile(
    r"[-+]?(0[0-9_]+|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?"
    r"|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|\.(inf|Inf|INF))|\.(nan|NaN|NAN)"
)


class _RefusedError(Exception):
    def __init__(self, rule: str, message: str, remedy: str, mark: Mark | None) -> None:
        super().__init__(message)
        self.rule, self.message, self.remedy, self.mark = rule, message, remedy, mark


Hides = Callable[[PropertyPath], bool]
"""Tells of a mapping whether messages must not repeat its keys."""


def _hides_nothing(holder: PropertyPath) -> bool:
    del holder
    return False


def read_yaml(path: Path, *, inside: Path, shown: str, hides: Hides = _hides_nothing) -> Document:
    """Parse a YAML file.

    Args:
        path: The file.
        inside: Folder that it must not leave through a symbolic link.
        shown: Its path as messages show it.
        hides: Tells of a mapping whether messages must not repeat its keys.

    Returns:
        The document; its `data` is None when the file as a whole cannot be used, and then `findings` says why.
    """
    document = Document(file=shown)
    try:
        text = read_text(path, inside=inside, limit=LIMIT_BYTES)
    except UnreadableError as error:
        document.findings.append(_finding(shown, error.rule, error.message, error.remedy, None))
        return document
    return parse_yaml(text, shown=shown, hides=hides)


def parse_yaml(text: str, *, shown: str, hides: Hides = _hides_nothing) -> Document:
    """Parse YAML text; like `read_yaml` otherwise."""
    document = Document(file=shown)
    try:
        control = _UNPRINTABLE.search(text)
        if control:
            name = f"U+{ord(control.group()):04X}"
            raise _RefusedError(  # noqa: TRY301 - one way out for everything that spoils the file
                "control-character", f"contains the control character {name}", "remove it", _at(text, control.start())
            )
        document.data = _Composer(text, document, hides).compose()
    except _RefusedError as error:
        document.findings.append(_finding(shown, error.rule, error.message, error.remedy, error.mark))
    except yaml.YAMLError as error:
        document.findings.append(_syntax_finding(text, shown, error))
    return document


def _finding(file: str, rule: str, message: str, remedy: str, mark: Mark | None) -> Finding:
    line, column = (mark.line, mark.column) if mark else (None, None)
    return Finding(
        severity=Severity.ERROR, rule=rule, message=message, remedy=remedy, file=file, line=line, column=column
    )


def _at(text: str, offset: int) -> Mark:
    start = text.rfind("\n", 0, offset) + 1
    return Mark(text.count("\n", 0, offset) + 1, offset - start + 1)


def _syntax_finding(text: str, file: str, error: yaml.YAMLError) -> Finding:
    tab = _TAB_INDENT.search(text)
    if tab:
        return _finding(file, "tab", "a tab indents this line", "use spaces", _at(text, tab.end() - 1))
    problem = _LONG_QUOTE.sub("'...'", str(getattr(error, "problem", None) or "it cannot be parsed"))
    mark = getattr(error, "problem_mark", None)
    place = Mark(mark.line + 1, mark.column + 1) if mark else None
    return _finding(
        file, "bad-yaml", f"is not valid YAML here: {problem}", "check indentation, quotes and brackets", place
    )


class _Composer:
    """Builds values from parser events and notes where they stand."""

    def __init__(self, text: str, document: Document, hides: Hides) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._document, self._hides = document, hides
        self._muted = 0

    def compose(self) -> Any:
        next(self._events)  # start of the stream
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise _RefusedError("empty-file", "is empty", "describe it, or remove the file", None)
        event = next(self._events)
        mark = _mark(event)
        value = self._value(event, ())
        next(self._events)  # end of the document
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise _RefusedError("many-documents", "a second document starts here", "keep one per file", _mark(event))
        if value is None:
            raise _RefusedError("empty-file", "is empty", "describe it, or remove the file", None)
        if not isinstance(value, dict):
            raise _RefusedError("wrong-type", "must be a mapping of keys to values", "write `key: value` lines", mark)
        return value

    def _report(self, rule: str, message: str, remedy: str, mark: Mark, path: PropertyPath) -> None:
        if not self._muted:
            finding = _finding(self._document.file, rule, message, remedy, mark)
            name = property_name(self._shown(path)) or None
            self._document.findings.append(dataclasses.replace(finding, property=name))

    def _shown(self, path: PropertyPath) -> PropertyPath:
        """The part of a path that messages may repeat."""
        hidden = (length for length in range(1, len(path)) if self._hides(path[:length]))
        return path[: next(hidden, len(path))]

    def _refuse(self, rule: str, message: str, remedy: str, mark: Mark, path: PropertyPath) -> None:
        """Report a value that the model need not look at any more."""
        self._report(rule, message, remedy, mark, path)
        if not self._muted:
            self._document.refused.add(path)

    def _value(self, event: Any, path: PropertyPath) -> Any:
        mark = _mark(event)
        if len(path) > _DEPTH:
            raise _RefusedError("too-deep", f"is nested deeper than {_DEPTH} levels", "flatten it", mark)
        if not self._muted:
            self._document.values[path] = mark
        # Names of anchors, aliases and tags are not repeated: an unquoted password that starts with & * or ! is one.
        if isinstance(event, yaml.AliasEvent):
            self._refuse("alias", "YAML aliases are not taken", "write the value out, or quote text with *", mark, path)
            return None
        if event.anchor is not None:
            self._refuse("anchor", "YAML anchors are not taken", "remove it, or quote text with &", mark, path)
        if event.tag is not None:
            self._refuse("tag", "YAML tags are not taken", "remove it, or quote text with !", mark, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event, path) if event.implicit[0] else event.value

    def _sequence(self, path: PropertyPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            item = (*path, len(values))
            value = self._value(event, item)
            if value is None and item not in self._document.refused:
                self._refuse("empty-value", "a list item has no value", "give one or remove it", _mark(event), item)
            values.append(value)
        return values

    def _mapping(self, path: PropertyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, Mark] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, mark = self._key(event, path), _mark(event)
            if key is None or key in first:
                if key is not None:
                    name = f" {quoted(key)}" if self._shown((*path, key)) == (*path, key) else ""
                    self._report(
                        "duplicate-key",
                        f"duplicate key{name}, first in line {first[key].line}",
                        "keep one",
                        mark,
                        (*path, key),
                    )
                self._document.incomplete.add(path)
                self._muted += 1
                self._value(next(self._events), (*path, key or ""))
                self._muted -= 1
                continue
            first[key] = mark
            child = (*path, key)
            if not self._muted:
                self._document.keys[child] = mark
            value = self._value(event := next(self._events), child)
            if value is not None:
                values[key] = value
            elif child not in self._document.refused:
                name = property_name(self._shown(child))
                what = name if self._shown(child) == child else f"a key of {name}"
                self._refuse("empty-value", f"{what} has no value", "give one or remove the key", mark, child)
        return values

    def _key(self, event: Any, path: PropertyPath) -> str | None:
        mark = _mark(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse("bad-key", "keys must be text", "write `key: value`", mark, (*path, ""))
            if not isinstance(event, yaml.AliasEvent):
                self._muted += 1
                self._value(event, (*path, ""))
                self._muted -= 1
            return None
        if event.value == "<<" and event.implicit[0]:
            self._refuse("merge-key", "YAML merge keys are not taken", "write the keys out", mark, (*path, "<<"))
            return None
        if event.anchor is not None or event.tag is not None or not event.value:
            self._refuse("bad-key", "keys must be plain text", "write `key: value`", mark, (*path, ""))
            return None
        return str(event.value)

    def _scalar(self, event: Any, path: PropertyPath) -> Any:
        text: str = event.value
        if text in _NULL:
            return None
        if _WORD.fullmatch(text):
            self._refuse(
                "ambiguous-value",
                f"{text!r} means text to some YAML readers and true or false to others",
                f'write true or false, or "{text}" for text',
                _mark(event),
                path,
            )
            return text
        if _ODD_NUMBER.fullmatch(text) or not _is_taken(number := _number(text)):
            return self._ambiguous_number(event, path)
        return _BOOL.get(text, text) if number is None else number

    def _ambiguous_number(self, event: Any, path: PropertyPath) -> str:
        self._refuse(
            "ambiguous-value",
            f"YAML readers disagree about this number (leading zero, 0x, _, :, .inf or over {_DIGITS} digits)",
            "write plain decimal digits, or quote it if it is text",
            _mark(event),
            path,
        )
        return str(event.value)


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _number(text: str) -> float | None:
    """The number that a plain scalar means; None for text."""
    if _INT.fullmatch(text):
        return int(text) if len(text) <= _DIGITS else math.inf
    return float(text) if _FLOAT.fullmatch(text) else None


def _is_taken(number: float | None) -> bool:
    return number is None or math.isfinite(number)
