"""Where Slipway keeps what is expensive to make again."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_dir() -> Path:
    """The user's cache folder of Slipway; the variable SLIPWAY_CACHE_DIR names another one."""
    override = os.environ.get("SLIPWAY_CACHE_DIR")
    return Path(override).absolute() if override else Path(platformdirs.user_cache_dir("slipway"))
