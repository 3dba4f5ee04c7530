"""From the values of Pulumi's policy SDK to plain ones.

The SDK wraps properties so that reading an unknown one raises, and then lets the whole policy pass with an advice, even
a mandatory one. Here each unknown value becomes the mark UNKNOWN instead, and rules decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy.proxy import UnknownValueError

from policies.judge.values import UNKNOWN


def plain(value: Any) -> Any:
    """Dicts, lists and scalars of the same content; whole numbers as int; files and archives as their kind's name."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, index) for index in range(len(value))]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    return type(value).__name__


def _item(holder: Any, key: Any) -> Any:
    try:
        value = holder[key]
    except UnknownValueError:
        return UNKNOWN
    return plain(value)
