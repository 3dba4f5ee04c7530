"""The shipper of log sinks on Lambda, a program of Slipway's own, as inputs of a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.artifacts.inputs import Collector

if TYPE_CHECKING:
    from pathlib import Path

    from slipway.artifacts.inputs import PackageInputs
    from slipway.core.project import Project

SHIPPER = "slipway-shipper"
"""Name of its package, where a function's name would stand."""


def shipper(project: Project, cache: Path | None = None) -> PackageInputs:
    """What the package of the shipper is made of; give it to `Builder.build`.

    Raises:
        BadInputError: Files of it are missing or cannot be read.
    """
    collector = Collector(project, cache)
    inputs = shipper_by(collector)
    collector.save()
    return inputs


def shipper_by(collector: Collector) -> PackageInputs:
    """The same by a collector that may know something already; saves nothing."""
    return collector.program(SHIPPER, "slipway_shipper", architecture="x86_64", plain=True)
