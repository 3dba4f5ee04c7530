"""What must hold for the folder of a function, beside its manifest."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from slipway.core.example import FILE, ExampleError, read_example
from slipway.core.files import UnreadableError, leaves, read_text
from slipway.core.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from slipway.core.example import Example
    from slipway.core.project import Project

_LIMIT_BYTES = 1024 * 1024
_SKIPPED = frozenset({"__pycache__", "node_modules"})


def relevant_files(directory: Path) -> Iterator[Path]:
    """Files below a folder, without hidden ones and caches; symbolic links are listed, not followed."""
    for path in sorted(directory.iterdir()):
        if path.name.startswith(".") or path.name in _SKIPPED:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from relevant_files(path)
        else:
            yield path


def holds_files(directory: str | Path) -> bool:
    """Whether there are any `relevant_files`; asked of every function, so it looks no further than the first."""
    with os.scandir(directory) as entries:
        return any(
            not entry.is_dir(follow_symlinks=False) or holds_files(entry.path)
            for entry in entries
            if not entry.name.startswith(".") and entry.name not in _SKIPPED
        )


class FolderCheck:
    """Checks one function's folder.

    Attributes:
        findings: What was found so far.
    """

    def __init__(self, project: Project, directory: Path) -> None:
        self._project, self._directory, self._name = project, directory, directory.name
        self.findings: list[Finding] = []

    def add(self, rule: str, message: str, remedy: str, path: Path, at: tuple[int, int] | None = None) -> None:
        """Note a mistake.

        Args:
            rule: Identifier of the finding.
            message: What is wrong, as one clause.
            remedy: What to do about it.
            path: The file it concerns.
            at: Line and column, if known.
        """
        line, column = at or (None, None)
        self.findings.append(
            Finding(
                severity=Severity.ERROR,
                rule=rule,
                message=message,
                remedy=remedy,
                function=self._name,
                file=self._project.relative(path),
                line=line,
                column=column,
            )
        )

    def files(self) -> None:
        """No link leaves the folder, and nothing but files and folders is in it."""
        for path in relevant_files(self._directory):
            if path.is_symlink():
                if leaves(path, self._directory):
                    remedy = "put the file itself there; code for several functions belongs into functions/shared"
                    self.add(
                        "symlink-outside", "is a symbolic link that leaves its folder or leads nowhere", remedy, path
                    )
            elif not stat.S_ISREG(path.stat().st_mode):
                self.add("not-a-file", "is neither a file nor a folder", "remove it", path)

    def example(self) -> Example | None:
        """The example request or event is right, when there is one; returns it."""
        try:
            return read_example(self._directory)
        except ExampleError as error:
            for one in error.mistakes:
                self.add(one.rule, one.message, one.remedy or "correct or remove it", self._directory / FILE, one.at)
            return None

    def dependencies(self) -> None:
        """Every dependency is locked with hashes."""
        remedy = f"run slipway lock {self._name}"
        wanted, locked = self._directory / "requirements.in", self._directory / "requirements.txt"
        names = {line: name for line, name in self._names(wanted) if name} if wanted.exists() else {}
        if not locked.exists() and not locked.is_symlink():
            if wanted.exists():
                self.add("not-locked", "has no requirements.txt beside it", remedy, wanted)
            return
        present: set[str] = set()
        for line, text in self._logical_lines(locked):
            if text.startswith("-"):
                continue
            present.add(_distribution(text) or "")
            if "--hash=" not in text or not ("==" in text or " @ " in text):
                message = f"{text.split()[0][:60]!r} is not pinned by == and --hash"
                self.add("not-locked", message, remedy, locked, (line, 1))
        for line, name in names.items():
            if name not in present:
                self.add("not-locked", f"{name} is not in requirements.txt", remedy, wanted, (line, 1))

    def _names(self, path: Path) -> Iterator[tuple[int, str]]:
        for line, text in self._logical_lines(path):
            if text.startswith("-"):
                continue
            name = _distribution(text)
            if name is None:
                self.add("bad-requirement", f"{text[:60]!r} is not a requirement", "as flask>=3", path, (line, 1))
            else:
                yield line, name

    def _logical_lines(self, path: Path) -> Iterator[tuple[int, str]]:
        """Number of the first line and text of each requirement, continued lines joined, without comments."""
        try:
            content = read_text(path, inside=self._directory, limit=_LIMIT_BYTES)
        except UnreadableError as error:
            self.add(error.rule, error.message, error.remedy, path)
            return
        start, joined = 0, ""
        for number, raw in enumerate(content.splitlines(), start=1):
            text = re.sub(r"(^|\s)#.*$", "", raw).strip()
            start = start or number
            joined += text.removesuffix("\\")
            if text.endswith("\\"):
                continue
            if joined.strip():
                yield start, joined.strip()
            start, joined = 0, ""
        if joined.strip():
            yield start, joined.strip()


def _distribution(text: str) -> str | None:
    """Canonical name of a requirement; None when it is not one."""
    try:
        return canonicalize_name(Requirement(text.partition(" --hash")[0].strip()).name)
    except InvalidRequirement:
        return None
