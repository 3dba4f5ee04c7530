"""A project after it was read: its functions, its environments, and what was found."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from slipway.core.catalogue import secret_variable
from slipway.core.errors import BadInputError
from slipway.core.explain import known, nearest
from slipway.core.findings import errors_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from slipway.core.document import Document, PropertyPath
    from slipway.core.example import Example
    from slipway.core.fields import Target
    from slipway.core.findings import Finding
    from slipway.core.handlers import Signature
    from slipway.core.manifest import Manifest
    from slipway.core.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFunction:
    """A function of the project.

    Attributes:
        name: Name of its folder.
        directory: The folder.
        manifest: What its function.yaml says.
        positions: Where each property of the manifest stands.
        signature: How its handler is called.
        example: Its example request or event, if it has one.
        containerfile: What its image is built from, if it is one that is built.
    """

    name: str
    directory: Path
    manifest: Manifest
    positions: Document
    signature: Signature
    example: Example | None = None
    containerfile: Path | None = None

    def target_in(self, settings: Settings) -> Target:
        """Where it runs in an environment: as that says for it, as it says itself, or as the environment's others."""
        override = settings.functions.get(self.name)
        return (override and override.target) or self.manifest.target or settings.target

    def secrets_in(self, settings: Settings) -> Iterator[tuple[str, PropertyPath, str]]:
        """Its secrets in an environment: those that it names, and those of services that it calls.

        Yields:
            The variable, where it is asked for in function.yaml, and the reference: a name of the catalogue, `/field`.
        """
        for variable, reference in self.manifest.secrets.items():
            yield variable, ("secrets", variable), reference
        for index, use in enumerate(self.manifest.uses):
            service = settings.catalogue("service").get(use.name) if use.kind == "service" else None
            if service is not None and service.secret is not None:
                yield secret_variable(use.name), ("uses", index), service.secret


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """A project after it was read.

    Attributes:
        functions: Functions whose manifest is right, by name.
        settings: Environments whose settings are right, by name.
        findings: Everything that was found, in reading order.
        function_count: Number of functions, wrong ones included.
        environments: Names of the environments that were asked for, wrong ones included.
    """

    functions: dict[str, LoadedFunction]
    settings: dict[str, Settings]
    findings: list[Finding]
    function_count: int
    environments: Sequence[str]

    def require_valid(self) -> None:
        """Stop unless everything is right.

        Raises:
            BadInputError: There are errors; they are its findings.
        """
        errors = errors_in(self.findings)
        if errors:
            raise BadInputError(f"{count(len(errors), 'error')}; nothing was done", errors)

    def deployed(self, environment: str, only: Sequence[str] = ()) -> dict[str, LoadedFunction]:
        """Functions that an environment deploys, by name, sorted.

        Args:
            environment: Name of an environment with right settings.
            only: Names to choose from them; empty means all.

        Raises:
            BadInputError: A name is not that of a function which the environment deploys.
        """
        settings = self.settings[environment]
        here = {name: function for name, function in sorted(self.functions.items()) if settings.deploys(name)}
        for name in only:
            if name not in here:
                why = "is switched off in" if name in self.functions else "is not a function of"
                raise BadInputError(f"{name!r} {why} {environment}{nearest(name, here)}; functions: {known(here)}")
        return {name: here[name] for name in here if not only or name in only}


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
