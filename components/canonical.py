"""JSON that is the same text whenever it is the same value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def compact(value: Mapping[str, Any]) -> str:
    """JSON as AWS itself writes it, without spaces, and with sorted keys: the same value is always the same text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
