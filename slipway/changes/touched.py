"""Which paths of a project a change touched, and what they can matter to."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from slipway.artifacts import tree as trees
from slipway.artifacts.commits import changes, uncommitted
from slipway.artifacts.git import git, names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slipway.changes.base import Base
    from slipway.core.project import Project

# What the Pulumi program is made of and runs on, without the packages of Slipway that it never loads.
_PROGRAM = ("__main__.py", "Pulumi.yaml", "requirements.lock", "components/", "slipway/", "toolchain/")
_NO_PROGRAM = tuple(f"slipway/{name}/" for name in ("changes", "cli", "deployers", "engine", "reports", "sinks"))
_ATTRIBUTES = ".gitattributes"


@dataclasses.dataclass(frozen=True, slots=True)
class Touched:
    """Paths that a change touched, relative to the project; one that ends with a slash is a folder as a whole.

    Attributes:
        content: What differs between the base and the files as they are now, sorted.
        every: These, and what commits in between touched without leaving a difference.
        ignored: Those of `content` that git ignores. Packages do not: they depend on files, not on git.
    """

    content: tuple[str, ...]
    every: frozenset[str]
    ignored: frozenset[str]

    def below(self, folder: str) -> list[str]:
        """Paths of `content` in a folder (with a slash at its end), or a folder that it lies in."""
        return [path for path in self.content if meets(path, folder)]

    def holds(self, file: str) -> bool:
        """Whether a file is in `content`, by itself or by a folder."""
        return any(path == file or (path.endswith("/") and file.startswith(path)) for path in self.content)

    def touches(self, file: str) -> bool:
        """Whether a file was touched, with a difference or without."""
        return file in self.every or any(path.endswith("/") and file.startswith(path) for path in self.every)

    def any_below(self, folder: str) -> bool:
        """Whether something in a folder was touched, with a difference or without."""
        return any(meets(path, folder) for path in self.every)

    @property
    def program(self) -> list[str]:
        """Paths of `content` that make up the Pulumi program, so that nothing can be said about what it deploys."""
        return [path for path in self.content if _is_program(path) and path not in self.ignored]


def touched_since(project: Project, base: Base) -> Touched | None:
    """What was touched since a base, in commits and in the work tree; None if git cannot say.

    Args:
        project: The project.
        base: A base with a commit.
    """
    since = str(base.commit)
    words = ("diff-tree", "-r", "-z", "--no-renames", "--name-only", "--relative", "--ignore-submodules=none")
    committed = git(project.root, *words, since, "HEAD")
    present = uncommitted(project, ["."])
    if committed is None or present is None:
        return None
    content = {*names(committed), *present}
    # From both sides, so that commits count that a rewritten history has dropped.
    passed = {path for _, _, path in changes(project.root, ["."], f"{since}...HEAD")}
    ignored = frozenset(path for path, is_ignored in present.items() if is_ignored)
    return Touched(tuple(sorted(content)), frozenset(content | passed), ignored)


def meets(path: str, folder: str) -> bool:
    """Whether a path lies in a folder (with a slash at its end), or is one that the folder lies in."""
    return path.startswith(folder) or (path.endswith("/") and folder.startswith(path))


def shown(path: str) -> str:
    """A path as one line that can be printed, in quotes where it holds what cannot."""
    text = trees.shown(path)
    return text if text.isprintable() else json.dumps(text)


def listing(paths: Iterable[str]) -> list[str]:
    """Paths as they can be printed, sorted."""
    return sorted(map(shown, paths))


def _is_program(path: str) -> bool:
    if path.rpartition("/")[2] == _ATTRIBUTES:
        return True  # it decides how files come out of git, changed or not
    if path.endswith(".md") or "/__pycache__/" in f"/{path}" or path.startswith(_NO_PROGRAM):
        return False
    return any(path == part or (part.endswith("/") and path.startswith(part)) for part in _PROGRAM)
