"""Versions of functions, and the pointer that says which of them answer."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a function that exists.

    Attributes:
        name: How the target names it: Lambda's version number, a revision's name.
        identity: What it is made of: Lambda's version number; on Knative the hash of its template.
        created: When it was made, ISO 8601; None when unknown.
        problem: Why it cannot take calls; None when it can.
    """

    name: str
    identity: str
    created: str | None = None
    problem: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Release:
    """Which versions of a function answer its calls.

    Attributes:
        function: Name of the function.
        stable: Name of the version with the main part of the calls.
        candidate: Name of the version with the rest; None when all go to the stable one.
        percent: Part of the calls that the candidate gets.
        rejected: Identities that rollbacks turned away, oldest first.
        latest: Name of the version that was made last, whether it gets calls or not; None when unknown.
        versions: Versions that exist, oldest first.
    """

    function: str
    stable: str
    candidate: str | None = None
    percent: float = 0
    rejected: Sequence[str] = ()
    latest: str | None = None
    versions: Sequence[Version] = ()

    @property
    def canary(self) -> str | None:
        """`7 (10%)`; None when all calls go to the stable version."""
        return f"{self.candidate} ({self.percent:g}%)" if self.candidate else None

    def version(self, name: str) -> Version | None:
        """A version by its name; None when there is none."""
        return next((version for version in self.versions if version.name == name), None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """Where a pointer goes.

    Attributes:
        to: The version that gets all calls.
        rejected: Identities that stay turned away, oldest first.
    """

    to: Version
    rejected: Sequence[str]
