"""Which functions a change touches, and why: the base and now, compared by what deployment would take of each.

Git only narrows down which functions to look at. What is said of them comes from the digests and specs that the program
deploys, of both states, so the answer and the deployment cannot disagree.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.changes.base import Base, choose, is_ancestor
from slipway.changes.comparison import Comparison, UnreadableBaseError
from slipway.changes.state import State
from slipway.changes.touched import listing, touched_since
from slipway.core.validate import function_folders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.changes.state import Environment
    from slipway.core.project import Project

_SHOWN_PATHS = 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """What a change touches.

    Attributes:
        base: What was compared with.
        functions: Name to reasons of each function that is affected, sorted.
        all: Whether everything counts as changed, because nothing more exact can be said.
        unchanged: Names of the other functions, sorted.
        idle: Paths that were touched and matter to no function, sorted.
        rewritten: Whether the base is no ancestor of the last commit.
    """

    base: Base
    functions: Mapping[str, list[str]]
    all: bool = False
    unchanged: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    rewritten: bool = False


def affected(
    project: Project,
    *,
    base: str | None = None,
    environment: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Affected:
    """Which functions differ between a base and the files as they are now, in any environment or in one.

    Args:
        project: The project.
        base: A revision, as git writes them; None finds one, by `slipway.changes.base.choose`.
        environment: The environment that matters; None means all.
        environ: Environment variables, for those of GitLab CI.

    Raises:
        BadInputError: What the project says now is wrong; all of it is among the findings.
    """
    chosen = choose(project.root, base, environ)
    now = State(project)
    environments = now.environments([environment] if environment else None)
    everything = _Everything(chosen, project, environments)
    if chosen.commit is None:
        return everything.because(chosen.why)
    touched = touched_since(project, chosen)
    if touched is None:
        return everything.because(f"git cannot compare with {chosen.short}")
    if program := listing(touched.program):
        more = f" and {len(program) - _SHOWN_PATHS} more" if len(program) > _SHOWN_PATHS else ""
        return everything.because(f"the program: {', '.join(program[:_SHOWN_PATHS])}{more}")
    with tempfile.TemporaryDirectory(prefix="slipway-affected-", ignore_cleanup_errors=True) as scratch:
        try:
            comparison = Comparison(
                now, environments, touched, chosen, present=everything.present, scratch=Path(scratch)
            )
            found = comparison.reasons()
        except UnreadableBaseError as error:
            # It was never deployed as it is: what runs is older, and nobody here knows how old.
            return everything.because(f"{chosen.short} cannot be read as a project: {error}")
        idle = comparison.idle()
    now.collector.save()
    return Affected(
        base=chosen,
        functions=found,
        unchanged=tuple(name for name in everything.names if name not in found),
        idle=tuple(idle),
        rewritten=not is_ancestor(project.root, chosen),
    )


class _Everything:
    """The answer where nothing exact can be said."""

    def __init__(self, base: Base, project: Project, environments: Mapping[str, Environment]) -> None:
        self._base = base
        places = environments.values()
        self.present = [folder.name for folder in function_folders(project)]
        self.names = [
            name for name in self.present if not environments or any(place.settings.deploys(name) for place in places)
        ]

    def because(self, why: str) -> Affected:
        return Affected(base=self._base, functions={name: [f"everything: {why}"] for name in self.names}, all=True)
