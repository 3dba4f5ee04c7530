"""Takes parts of a commit out of git into a folder, as a checkout would: line ends, filters and links included."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from slipway.artifacts.git import git, names
from slipway.core.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SUBMODULE = "160000"


@dataclasses.dataclass(frozen=True, slots=True)
class Checkout:
    """Parts of a commit in a folder.

    Attributes:
        root: What is there of the project's root.
        missing: Submodules, relative to the project, whose content at that commit is not on this machine.
    """

    root: Path
    missing: tuple[str, ...]


def check_out(root: Path, commit: str, paths: Iterable[str], into: Path) -> Checkout:
    """Write parts of a commit into an empty folder.

    Args:
        root: Root of the project; it may be a folder of its repository.
        commit: The commit.
        paths: Files and folders, relative to the project; what the commit lacks is left out.
        into: The folder; beside it an index of git is written.

    Raises:
        SlipwayError: Git cannot read the commit, or a filter failed.
    """
    place = git(root, "rev-parse", "--show-cdup", "--show-prefix")
    if place is None:
        raise SlipwayError(f"git cannot say where the repository of {root} begins")
    # Neither the way up nor a folder's name of this machine is told from the other by a line end in a name.
    up, _, prefix = place.removesuffix("\n").partition("\n")
    wanted = [prefix + path for path in paths]
    # Of no paths, git would list all there is.
    missing = _write(root / up, commit, wanted, into, into.with_name("index")) if wanted else []
    (into / prefix).mkdir(parents=True, exist_ok=True)
    return Checkout(into / prefix, tuple(path.removeprefix(prefix) for path in missing))


def _write(top: Path, commit: str, paths: list[str] | None, into: Path, index: Path) -> list[str]:
    """Write files of a repository; returns submodules that could not be written."""
    wanted = ["--", *paths] if paths is not None else []
    listed = git(top, "--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", commit, *wanted)
    if listed is None:
        raise SlipwayError(f"git cannot read commit {commit[:12]}")
    entries = [(*entry.partition("\t")[0].split(), entry.partition("\t")[2]) for entry in names(listed)]
    given = "".join(f"{mode} {blob}\t{name}\0" for mode, _, blob, name in entries if mode != _SUBMODULE)
    own = {"GIT_INDEX_FILE": os.fspath(index)}
    if given and (
        git(top, "update-index", "-z", "--index-info", given=given, env=own) is None
        or git(top, "checkout-index", "--all", "--force", f"--prefix={into}/", env=own) is None
    ):
        raise SlipwayError(f"files of commit {commit[:12]} cannot be checked out; `git checkout` of it tells why")
    missing = []
    for number, (_, _, pinned, name) in enumerate(entry for entry in entries if entry[0] == _SUBMODULE):
        inner = top / name
        if not (inner / ".git").exists():
            continue  # it is an empty folder in the work tree, as it is here
        if git(inner, "cat-file", "-e", f"{pinned}^{{commit}}") is None:
            missing.append(name)
            continue
        below = _write(inner, pinned, None, into / name, index.with_name(f"{index.name}-{number}"))
        missing += [f"{name}/{each}" for each in below]
    return missing
