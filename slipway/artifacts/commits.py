"""Which commit last changed a package's inputs: asked of git for all functions at once, never one by one."""

from __future__ import annotations

import collections
import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

from slipway.artifacts.git import command, git, names
from slipway.artifacts.tree import travels

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import IO

    from slipway.core.project import Project

UNCOMMITTED = "uncommitted"
"""Some input differs from the last commit, or git does not know it."""
UNKNOWN = "unknown"
"""Not in a git repository, or its history does not reach back far enough."""
# No name that git prints here starts so: all lie in folders of the project.
_COMMIT = ":commit "


def last_commits(project: Project, wanted: Mapping[str, Iterable[str]], *, at: str | None = None) -> dict[str, str]:
    """The last commit that changed each function's inputs.

    Args:
        project: The project.
        wanted: Name of a function to its `PackageInputs.paths`.
        at: The commit to look back from; None for the files as they are now.

    Returns:
        Name to a full commit id, `uncommitted` or `unknown`.
    """
    found = dict.fromkeys(wanted, UNKNOWN)
    shallow = git(project.root, "rev-parse", "--is-shallow-repository")
    if not wanted or shallow is None:
        return found
    index = Index(wanted)
    dirty: set[str] = set()
    if at is None:
        changed = uncommitted(project, index.tops)
        if changed is None:
            return found
        dirty = {name for path in changed for name in index.functions(path)}
    found.update(dict.fromkeys(dirty, UNCOMMITTED))
    missing = set(wanted) - dirty
    found.update(_history(project.root, index, missing, at=at or "HEAD", shallow=shallow == "true\n"))
    return found


def uncommitted(project: Project, tops: Iterable[str]) -> dict[str, bool] | None:
    """Paths in the project that differ from the last commit, or that git does not know or ignores.

    A path that ends with a slash is a folder as a whole.

    Args:
        project: The project.
        tops: Where to look, relative to the project.

    Returns:
        The paths, relative to the project, and of each whether git ignores it; None if git cannot say.
    """
    prefix = git(project.root, "rev-parse", "--show-prefix")
    words = ("status", "--porcelain=v1", "-z", "--no-renames", "--ignored=matching", "--untracked-files=all")
    status = git(project.root, *words, "--ignore-submodules=none", "--", *tops)
    if prefix is None or status is None:
        return None
    return {entry[3:].removeprefix(prefix.removesuffix("\n")): entry.startswith("!!") for entry in names(status)}


def changes(root: Path, tops: Iterable[str], *revisions: str) -> Generator[tuple[str, bool, str]]:
    """What commits changed, the newest first; close it to stop early.

    Args:
        root: Root of the project.
        tops: Where to look, relative to the project.
        revisions: Commits or ranges, as git takes them.

    Yields:
        A commit, whether it has parents, and a path that it changed, relative to the project.
    """
    # Merges show only what they changed themselves (-c): a change belongs to the commit that made it.
    words = ["log", "-z", "-c", "--name-only", "--no-renames", "--relative", "--root", f"--format={_COMMIT}%H %P"]
    with subprocess.Popen(
        command(root, *words, *revisions, "--", *tops),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        commit, parents = UNKNOWN, [""]
        try:
            for token in _tokens(process.stdout):
                if token.startswith(_COMMIT):
                    commit, *parents = token.removeprefix(_COMMIT).split()
                elif token:
                    yield commit, bool(parents), token.removeprefix("\n")
        finally:
            process.kill()


class Index:
    """Finds the functions that a path belongs to.

    Args:
        wanted: Name of a function to its `PackageInputs.paths`.
    """

    def __init__(self, wanted: Mapping[str, Iterable[str]]) -> None:
        self._files: dict[str, set[str]] = collections.defaultdict(set)
        self._folders: dict[str, set[str]] = collections.defaultdict(set)
        for function, paths in wanted.items():
            for path in paths:
                (self._folders if path.endswith("/") else self._files)[path].add(function)
        # All that git has to look at: the top folders.
        self.tops = sorted({path.split("/", maxsplit=1)[0] for path in (*self._files, *self._folders)})

    def functions(self, path: str) -> set[str]:
        """Functions that a changed file matters to; a path that ends with a slash is a folder as a whole."""
        if path.endswith("/"):
            inside = [names for inputs in (self._files, self._folders) for name, names in inputs.items()
                      if name.startswith(path)]  # fmt: skip
            # Any file in it stands for what git does not list one by one.
            return set().union(*inside, self.functions(f"{path}any"))
        found = set(self._files.get(path, ()))
        end = path.find("/")
        while end >= 0:
            folder, below = path[: end + 1], path[end + 1 :]
            if folder in self._folders and travels(below):
                found |= self._folders[folder]
            end = path.find("/", end + 1)
        return found


def _history(root: Path, index: Index, missing: set[str], *, at: str, shallow: bool) -> dict[str, str]:
    """Walk back from a commit until each function has met one that changed it."""
    found: dict[str, str] = {}
    if not missing:
        return found
    with contextlib.closing(changes(root, index.tops, at)) as walk:
        for commit, has_parents, path in walk:
            for name in index.functions(path) & missing:
                # Where a shallow clone ends, a commit seems to have added everything.
                found[name] = UNKNOWN if shallow and not has_parents else commit
                missing.discard(name)
            if not missing:
                break
    return found


def _tokens(stream: IO[bytes]) -> Iterator[str]:
    """What git wrote, cut at each NUL; names may hold any other byte."""
    rest = b""
    while chunk := stream.read1(65536):  # type: ignore[attr-defined]
        *whole, rest = (rest + chunk).split(b"\0")
        yield from map(os.fsdecode, whole)
    if rest:
        yield os.fsdecode(rest)
