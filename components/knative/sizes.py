"""Sizes in Kubernetes' spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping

_UNITS: Mapping[str, int] = {"Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_SIZE = re.compile(r"([0-9]+)(Mi|Gi|Ti)")


def is_size(text: str) -> bool:
    """Whether a text is a size such as `1Gi`."""
    return _SIZE.fullmatch(text) is not None


def bytes_of(size: str) -> int:
    """A size such as `1Gi` in bytes.

    Raises:
        ValueError: It is none.
    """
    match = _SIZE.fullmatch(size)
    if match is None:
        raise ValueError(size)
    return int(match[1]) * _UNITS[match[2]]
