"""Which lock file a function's dependencies come from, and which of them Lambda does not need."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from slipway.artifacts import tree as trees
from slipway.artifacts.content import mistake
from slipway.artifacts.lockfile import parse_direct, parse_lock, parse_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from slipway.artifacts.lockfile import Lock
    from slipway.core.findings import Finding
    from slipway.core.project import Project

UNUSED_LIST = "lambda-unused.txt"
"""File in `runtime/`: distributions that the Functions Framework requires and Lambda does not need."""


@dataclasses.dataclass(frozen=True, slots=True)
class Locked:
    """Where dependencies come from.

    Attributes:
        lock: The lock file; None if there are no dependencies.
        digest: `Lock.digest` of it, or the empty string.
        roots: What the developer and the runtime ask for, as `name` or `name[extra]`; None where any may be asked for.
        cut: Names that the Functions Framework does not need on Lambda, so that they and what only they need can go.
        problems: What is wrong.
    """

    lock: Path | None = None
    digest: str = ""
    roots: tuple[str, ...] | None = None
    cut: tuple[str, ...] = ()
    problems: tuple[Finding, ...] = ()


class Dependencies:
    """Finds the lock file of each function of a project.

    A function's own lock file comes first; a Functions Framework function without one takes the runtime's; a plain
    handler without one has no dependencies.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def of(self, directory: Path, tree: trees.Tree, facts: Mapping[str, Any], *, plain: bool) -> Locked:
        """The lock of the function in `directory`, whose scan and facts (`content.function_facts`) are given."""
        if trees.LOCK_NAME in tree.extras:
            return self._own(directory, facts, plain=plain)
        if trees.DIRECT_NAME in tree.extras:
            where = f"{self._project.relative(directory)}/{trees.DIRECT_NAME}"
            text, remedy = f"has no {trees.LOCK_NAME} beside it", f"run `slipway lock {directory.name}`"
            return Locked(problems=(mistake(where, "no-lock-file", text, remedy, directory.name),))
        return Locked() if plain else self._runtime_locked

    def of_runtime(self) -> Locked:
        """The runtime's own lock."""
        return self._runtime_locked

    def _own(self, directory: Path, facts: Mapping[str, Any], *, plain: bool) -> Locked:
        lock = directory / trees.LOCK_NAME
        pinned = facts.get("lock")
        if pinned is None:  # the folder has mistakes of its own, which are said elsewhere
            return Locked(lock)
        if plain:
            return Locked(lock, pinned["digest"])
        missing = {name.partition("[")[0] for name in self._runtime_direct} - set(pinned["names"])
        if missing and not facts["problems"]:
            text = f"lacks {', '.join(sorted(missing))}, which the runtime needs"
            where, remedy = self._project.relative(lock), f"run `slipway lock {directory.name}`"
            return Locked(lock, problems=(mistake(where, "stale-lock-file", text, remedy, directory.name),))
        if facts["direct"] is None:
            return Locked(lock, pinned["digest"])
        return Locked(lock, pinned["digest"], tuple(sorted({*facts["direct"], *self._runtime_direct})), self._unused)

    @functools.cached_property
    def _runtime_locked(self) -> Locked:
        path = self._project.runtime / trees.LOCK_NAME
        where = self._project.relative(path)
        if not path.is_file():
            return Locked(problems=(mistake(where, "no-lock-file", "does not exist", "run `slipway lock`"),))
        lock: Lock = parse_lock(self._text(trees.LOCK_NAME))
        problems = [mistake(where, "bad-lock-file", m.message, m.remedy, line=m.line) for m in lock.mistakes]
        return Locked(path, lock.digest, tuple(sorted(self._runtime_direct)), self._unused, tuple(problems))

    @functools.cached_property
    def _runtime_direct(self) -> frozenset[str]:
        return parse_direct(self._text(trees.DIRECT_NAME)) or frozenset()

    @functools.cached_property
    def _unused(self) -> tuple[str, ...]:
        return tuple(sorted(parse_names(self._text(UNUSED_LIST))))

    def _text(self, name: str) -> str:
        path = self._project.runtime / name
        return path.read_text(encoding="utf-8") if path.is_file() else ""
