"""Which commit last changed a package's inputs: asked of git for all functions at once, never one by one."""

from __future__ import annotations

import collections
import os
import subprocess
from typing import TYPE_CHECKING

from slipway.artifacts.tree import travels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import IO

    from slipway.core.project import Project

UNCOMMITTED = "uncommitted"
"""Some input differs from the last commit, or git does not know it."""
UNKNOWN = "unknown"
"""Not in a git repository, or its history does not reach back far enough."""
# No name that git prints here starts so: all lie in folders of the project.
_COMMIT = ":commit "


def last_commits(project: Project, wanted: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The last commit that changed each function's inputs.

    Args:
        project: The project.
        wanted: Name of a function to its `PackageInputs.paths`.

    Returns:
        Name to a full commit id, `uncommitted` or `unknown`.
    """
    found = dict.fromkeys(wanted, UNKNOWN)
    about = _git(project.root, "rev-parse", "--show-prefix", "--is-shallow-repository")
    if not wanted or about is None:
        return found
    prefix, shallow = about.rsplit("\n", maxsplit=2)[:2]
    index = _Index(wanted)
    status = _git(
        project.root,
        *("status", "--porcelain=v1", "-z", "--no-renames", "--ignored=matching", "--untracked-files=all"),
        *("--", *index.tops),
    )
    if status is None:
        return found
    dirty = {name for entry in status.split("\0") for name in index.functions(entry[3:].removeprefix(prefix))}
    found.update(dict.fromkeys(dirty, UNCOMMITTED))
    found.update(_history(project.root, index, set(wanted) - dirty, shallow=shallow == "true"))
    return found


class _Index:
    """Finds the functions that a path belongs to."""

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


def _history(root: Path, index: _Index, missing: set[str], *, shallow: bool) -> dict[str, str]:
    """Walk back from the last commit until each function has met one that changed it."""
    found: dict[str, str] = {}
    if not missing:
        return found
    # Merges show only what they changed themselves (-c): a change belongs to the commit that made it.
    words = ["log", "-z", "-c", "--name-only", "--no-renames", "--relative", "--root", f"--format={_COMMIT}%H %P"]
    with subprocess.Popen(
        _command(root, *words, "--", *index.tops),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        commit = UNKNOWN
        for token in _tokens(process.stdout):
            if token.startswith(_COMMIT):
                commit, *parents = token.removeprefix(_COMMIT).split()
                # Where a shallow clone ends, a commit seems to have added everything.
                if shallow and not parents:
                    commit = UNKNOWN
                continue
            for name in index.functions(token.removeprefix("\n")) & missing:
                found[name] = commit
                missing.discard(name)
            if not missing:
                process.kill()
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


def _git(root: Path, *words: str) -> str | None:
    """What a git command prints; None if it fails or there is no git."""
    try:
        done = subprocess.run(
            _command(root, *words),
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},  # a preview must not disturb the user's own git
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        return None
    return None if done.returncode else os.fsdecode(done.stdout)


def _command(root: Path, *words: str) -> list[str]:
    return ["git", "-C", os.fspath(root), *words]
