"""A project at one moment, the base or now, as deployment would take it; read only as far as somebody asks."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from slipway.artifacts.builder import collect_by
from slipway.artifacts.failures import combined
from slipway.artifacts.images.programs import dead_letters_by
from slipway.artifacts.images.server import server_dependencies
from slipway.artifacts.inputs import Collector
from slipway.artifacts.shipper import shipper_by
from slipway.core.environments import load_environment, name_findings
from slipway.core.errors import BadInputError, SlipwayError
from slipway.core.findings import errors_in, in_order
from slipway.core.validate import load_function

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.artifacts.inputs import ContainerInputs, PackageInputs
    from slipway.core.findings import Finding
    from slipway.core.loaded import LoadedFunction
    from slipway.core.project import Project
    from slipway.core.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True)
class Environment:
    """An environment of a state.

    Attributes:
        settings: Its settings.
        foreign: Configuration of others than Slipway, such as the engine's providers.
    """

    settings: Settings
    foreign: Mapping[str, Any]


class State:
    """The project at one moment.

    Args:
        project: Where it lies.
        beside: The state now, for that at the base: what is the same is not read again.
    """

    def __init__(self, project: Project, *, beside: State | None = None) -> None:
        self.project = project
        self.collector: Collector = Collector(project, beside=beside.collector if beside else None)

    def environments(self, names: list[str] | None = None) -> dict[str, Environment]:
        """Environments by name, sorted; None means all.

        Raises:
            BadInputError: Something is wrong in their files, or there is none; all of it is among the findings.
        """
        there, findings = name_findings(self.project, names)
        read = {name: load_environment(self.project, name) for name in there}
        _require([*findings, *(finding for found in read.values() for finding in found.findings)])
        return {
            name: Environment(found.environment.settings, found.foreign)
            for name, found in sorted(read.items())
            if found.environment is not None
        }

    def functions(self, names: Iterable[str]) -> dict[str, LoadedFunction]:
        """Functions by name, sorted.

        Raises:
            BadInputError: Something is wrong in them; all of it is among the findings.
        """
        read = {name: load_function(self.project, self.project.functions / name) for name in sorted(names)}
        _require([finding for found in read.values() for finding in found.findings])
        return {name: found.function for name, found in read.items() if found.function is not None}

    def inputs(self, functions: Mapping[str, LoadedFunction]) -> dict[str, PackageInputs | ContainerInputs]:
        """What decides the code of each function; an image that function.yaml names is decided by that alone.

        Raises:
            BadInputError: Files of some cannot be packaged; all of them are named.
        """
        found: dict[str, PackageInputs | ContainerInputs] = {}
        failures: list[SlipwayError] = []
        try:
            found.update(collect_by(self.collector, functions.values()))
        except BadInputError as error:
            failures.append(error)
        for name, function in functions.items():
            if function.containerfile is not None:
                try:
                    manifest = function.manifest
                    found[name] = self.collector.container(
                        function.directory, architecture=manifest.architecture, includes=manifest.includes
                    )
                except BadInputError as error:
                    failures.append(error)
        if failures:
            raise combined(failures)
        return found

    @functools.cached_property
    def shipper(self) -> str:
        """Digest of what the shipper of log sinks is made of.

        Raises:
            BadInputError: Files of it are missing or cannot be read.
        """
        return shipper_by(self.collector).digest

    @functools.cached_property
    def dead_letters(self) -> str:
        """Digest of what the service that keeps dead letters is made of; raises as `shipper` does."""
        return dead_letters_by(self.collector).digest

    def server(self, inputs: PackageInputs) -> str:
        """Digest of what the server of images is locked to, for a function; raises as `shipper` does."""
        return server_dependencies(self.project, inputs).lock_digest


def _require(findings: list[Finding]) -> None:
    if errors := errors_in(in_order(findings)):
        raise BadInputError(f"{len(errors)} mistake(s); `slipway validate` tells all of them", errors)
