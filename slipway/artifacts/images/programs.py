"""Programs of Slipway's own that run in an environment, as inputs of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.artifacts.inputs import Collector

if TYPE_CHECKING:
    from pathlib import Path

    from slipway.artifacts.inputs import PackageInputs
    from slipway.core.project import Project

DEAD_LETTERS = "slipway-dead-letters"
"""Name of the dead letter service, in the registry and in a namespace."""


def dead_letters(project: Project, *, architecture: str = "x86_64", cache: Path | None = None) -> PackageInputs:
    """What the image of the dead letter service is made of; give it to `ImageBuilder.build`.

    Raises:
        BadInputError: Files of it are missing or cannot be read.
    """
    collector = Collector(project, cache)
    inputs = dead_letters_by(collector, architecture=architecture)
    collector.save()
    return inputs


def dead_letters_by(collector: Collector, *, architecture: str = "x86_64") -> PackageInputs:
    """The same by a collector that may know something already; saves nothing."""
    return collector.program(DEAD_LETTERS, "slipway_deadletters", architecture=architecture)
