"""Pieces of OTTL, the language in which the collector is told how to change a record."""

from __future__ import annotations

import json
from collections.abc import Iterable

BODY = "log.body"
JSON = 'log.attributes["json"]'
"""What a line of JSON holds, as the file log receiver parsed it; nil for plain text."""


def text(value: str) -> str:
    """A string literal."""
    return json.dumps(value, ensure_ascii=False)


def key(path: str, *names: str) -> str:
    """A path into a map: `log.body["error"]["type"]`."""
    return path + "".join(f"[{text(name)}]" for name in names)


def cache(name: str) -> str:
    """What a statement notes for those after it, about the same record."""
    return key("log.cache", name)


def put(path: str, value: str, *conditions: str) -> str:
    """Set a path where all conditions hold."""
    return f"set({path}, {value})" + when(*conditions)


def when(*conditions: str) -> str:
    """The end of a statement that holds only under conditions."""
    return f" where {' and '.join(conditions)}" if conditions else ""


def there(path: str) -> str:
    """Whether a path has a value."""
    return f"{path} != nil"


def absent(path: str) -> str:
    """Whether a path has none."""
    return f"{path} == nil"


def matches(path: str, expression: str) -> str:
    """Whether text matches a regular expression somewhere."""
    return f"IsMatch({path}, {text(expression)})"


def extract(path: str, expression: str) -> str:
    """The named groups of a regular expression, as a map; empty where it does not match."""
    return f"ExtractPatterns({path}, {text(expression)})"


def concat(parts: Iterable[str], between: str = "") -> str:
    """Several values as one text."""
    return f"Concat([{', '.join(parts)}], {text(between)})"
