"""What the environment of a run says about the rules: read from its file, so that plain `pulumi` gives the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from policies.judge.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def stack_of(urn: str) -> str:
    """Name of the stack in a URN, `urn:pulumi:STACK::PROJECT::TYPES::NAME`."""
    return urn.split("::", 1)[0].rpartition(":")[2]


def settings_of(folder: Path, stack: str) -> Settings:
    """Settings of an environment; without a file, the strictest.

    Args:
        folder: Where the environments' files lie.
        stack: Name of the stack, which is the environment's.

    Raises:
        ValueError: The file says something else than settings.
    """
    path = folder / f"Pulumi.{stack}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    read = yaml.safe_load(text) or {}
    config = read.get("config") or {}
    return Settings.read(config.get("slipway:policy"), protect=config.get("slipway:protect") in {True, "true"})
