"""What rules between functions and environments say, with the places of both sides."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING

from slipway.core.explain import to_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.core.document import Document, PathSet, PropertyPath
    from slipway.core.explain import Mistake
    from slipway.core.findings import Finding
    from slipway.core.loaded import LoadedFunction
    from slipway.core.settings import Settings

IN = "{environments}"
"""Stands in messages for the environments that a mistake concerns, each with the place of its side."""


@dataclasses.dataclass(frozen=True, slots=True)
class Environment:
    """An environment as far as its file could be used.

    Attributes:
        settings: Its settings.
        document: Where they stand.
        refused: Properties that were wrong and are missing in the settings.
    """

    settings: Settings
    document: Document
    refused: PathSet


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A mistake of a function in an environment.

    Attributes:
        function: Name of the function.
        mistake: What is wrong; its path is one of function.yaml, but for `in_settings`.
        other: The property of the environment's settings that it also depends on, if one.
        in_settings: Whether the path is one of the environment's settings.
    """

    function: str
    mistake: Mistake
    other: PropertyPath | None = None
    in_settings: bool = False


def to_findings(
    found: Mapping[str, Iterable[Found]],
    functions: Mapping[str, LoadedFunction],
    environments: Mapping[str, Environment],
) -> list[Finding]:
    """Findings of mistakes; the same mistake of a function in several environments is one finding.

    Args:
        found: Name of an environment to what was found for it.
        functions: Functions by name.
        environments: Environments by name.
    """
    where: dict[Found, list[str]] = defaultdict(list)
    findings = []
    for environment, items in found.items():
        for item in dict.fromkeys(items):
            if item.in_settings:
                worded = _worded(item.mistake, environment)
                document = environments[environment].document
                findings.append(to_finding(document, worded, function=item.function, environment=environment))
            else:
                where[item].append(environment)
    for item, affected in where.items():
        names = ", ".join(name + _place(environments[name].document, item.other) for name in affected)
        only = affected[0] if len(affected) == 1 else None
        document = functions[item.function].positions
        findings.append(to_finding(document, _worded(item.mistake, names), function=item.function, environment=only))
    return findings


def _worded(mistake: Mistake, environments: str) -> Mistake:
    return dataclasses.replace(mistake, message=mistake.message.replace(IN, environments))


def _place(document: Document, path: PropertyPath | None) -> str:
    if path is None:
        return ""
    mark = document.mark(path, key=True)
    return f" ({document.file}:{mark.line}:{mark.column})"
