"""The file in a virtual environment that says what was installed there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

RECORD = "slipway-toolchain.json"
"""Its name."""


def read(environment: Path) -> dict[str, Any] | None:
    """What `installer.installation_record` wrote, or None when there is nothing that can be read."""
    try:
        record: dict[str, Any] = json.loads((environment / RECORD).read_text(encoding="utf-8"))
        whole = all(part["name"] and part["folder"] for part in record["parts"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if whole else None


def names(environment: Path) -> frozenset[str]:
    """Names of the parts that were installed in a virtual environment; without asking whether they are still there."""
    record = read(environment)
    return frozenset(part["name"] for part in record["parts"]) if record else frozenset()
