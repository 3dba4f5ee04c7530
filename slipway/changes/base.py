"""Which commit a change is compared with, and why that one."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from slipway.artifacts.git import git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SHORT = 12
_NOTHING_BEFORE = "0" * 40
_USUAL = ("main", "master")


@dataclasses.dataclass(frozen=True, slots=True)
class Base:
    """What a change is compared with.

    Attributes:
        commit: Full id of the commit; None when none is known, so that everything counts as changed.
        why: Why this one, or why none, as a clause.
    """

    commit: str | None
    why: str

    @property
    def short(self) -> str:
        """The commit as people write it."""
        return (self.commit or "")[:_SHORT]


def choose(root: Path, given: str | None = None, environ: Mapping[str, str] = os.environ) -> Base:
    """The commit to compare with: as given, as GitLab says, or where the branch left the default branch.

    A commit that a clone lacks is fetched from its remote where that allows it.

    Args:
        root: Root of the project.
        given: A revision, as git writes them.
        environ: Environment variables, for those of GitLab CI.
    """
    if git(root, "rev-parse", "--is-inside-work-tree") != "true\n":
        return Base(None, "this is no git repository, or git is missing")
    if _commit(root, "HEAD") is None:
        return Base(None, "nothing is committed yet")
    named = (given, "as --base says") if given else _of_gitlab(environ)
    found = _named(root, *named) if named else _of_default_branch(root, environ)
    if found.commit is None or not _is_shallow(root):
        return found
    # Without the commits in between, nobody can tell which of them changed a function last.
    if _merge_base(root, found.commit) is None and not _deepen(root):
        return Base(None, f"the clone is shallow and lacks the commits since {found.short}; set GIT_DEPTH: 0")
    return found


def is_ancestor(root: Path, base: Base) -> bool:
    """Whether the last commit stands on the base; where it does not, history was rewritten or has branched."""
    return git(root, "merge-base", "--is-ancestor", str(base.commit), "HEAD") is not None


def _of_gitlab(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The revision that a pipeline of GitLab compares with, and why; None outside of one, or where it knows none."""
    for variable, why in (
        # That of the target branch is there in pipelines of merged results only, and never stale.
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "the target branch of the merge request"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "where the merge request left its target branch"),
        ("CI_COMMIT_BEFORE_SHA", "what the branch was before this push"),
    ):
        found = environ.get(variable, "")
        if found and found != _NOTHING_BEFORE:
            return found, f"{why} ({variable})"
    return None


def _named(root: Path, revision: str, why: str) -> Base:
    found = _commit(root, revision)
    if found is None and (_fetch(root, revision) or _deepen(root)):
        found = _commit(root, revision)
    if found is None:
        return Base(None, f"the base {revision!r} is not in this repository ({why}): unknown, or history was rewritten")
    return Base(found, why)


def _of_default_branch(root: Path, environ: Mapping[str, str]) -> Base:
    default = environ.get("CI_DEFAULT_BRANCH")
    if default and environ.get("CI_COMMIT_BRANCH") == default:
        return Base(None, f"this pipeline runs for all of {default}: GitLab names no commit before it")
    branch = _default_branch(root, default)
    if branch is None:
        return Base(None, "the default branch is not known here; name a commit by --base")
    found = _merge_base(root, branch)
    if found is None and _is_shallow(root) and _deepen(root):
        found = _merge_base(root, branch)
    if found is None:
        return Base(None, f"there is no common history with {_plain(branch)}")
    return Base(found, f"where the branch left {_plain(branch)}")


def _default_branch(root: Path, name: str | None) -> str | None:
    """The full name of the default branch's ref: the remote's where there is one."""
    if name is None:
        head = git(root, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        if head is not None and _commit(root, head.removesuffix("\n")):
            return head.removesuffix("\n")
    elif _commit(root, f"refs/remotes/origin/{name}") is None and _remote(root) == "origin":
        # Runners fetch nothing but the branch that they work on.
        git(root, "fetch", "--quiet", "--no-tags", "origin", f"+refs/heads/{name}:refs/remotes/origin/{name}")
    names = [name] if name else _USUAL
    candidates = [f"refs/{kind}/{each}" for kind in ("remotes/origin", "heads") for each in names]
    return next((candidate for candidate in candidates if _commit(root, candidate)), None)


def _plain(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")


def _commit(root: Path, revision: str) -> str | None:
    found = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return found.strip() if found else None


def _merge_base(root: Path, revision: str) -> str | None:
    found = git(root, "merge-base", revision, "HEAD")
    return found.strip() if found else None


def _is_shallow(root: Path) -> bool:
    return git(root, "rev-parse", "--is-shallow-repository") == "true\n"


def _remote(root: Path) -> str | None:
    remotes = (git(root, "remote") or "").split()
    return "origin" if "origin" in remotes else next(iter(remotes), None)


def _fetch(root: Path, revision: str) -> bool:
    """Get a commit that is named by its full id."""
    remote = _remote(root)
    full = len(revision) == len(_NOTHING_BEFORE) and all(letter in "0123456789abcdef" for letter in revision)
    return full and remote is not None and git(root, "fetch", "--quiet", "--no-tags", remote, revision) is not None


def _deepen(root: Path) -> bool:
    """Get the history that a shallow clone lacks."""
    remote = _remote(root)
    words = ("fetch", "--quiet", "--no-tags", "--unshallow")
    return remote is not None and _is_shallow(root) and git(root, *words, remote) is not None
