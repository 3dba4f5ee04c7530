"""Where a pointer goes: decided from what exists, without asking anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.core.errors import BadInputError
from slipway.running.releases import Move

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slipway.running.releases import Release, Version

_SHOWN = 10


def promote(release: Release) -> Move | None:
    """Give the candidate all calls.

    Returns:
        None when there is no candidate.

    Raises:
        BadInputError: The candidate cannot take calls.
    """
    if release.candidate is None:
        return None
    return _to(release, _usable(release, release.candidate, "the candidate"), turned_away=())


def rollback(release: Release, to: str | None = None) -> Move:
    """Give all calls to a version that ran before.

    Args:
        release: The function's versions and where its calls go.
        to: Name of the version; None for the stable one while there is a candidate, else for the newest one before the
            stable one that no rollback has turned away.

    Raises:
        BadInputError: There is no such version, or it cannot take calls, or it has all calls already.
    """
    target = _usable(release, to, "--to") if to is not None else _before(release)
    if target.name == release.stable and release.candidate is None:
        raise BadInputError(f"{release.function}: {target.name} has all calls already")
    names = [name for name in (release.stable, release.candidate) if name not in {None, target.name}]
    turned_away = [found.identity for name in names if name and (found := release.version(name))]
    return _to(release, target, turned_away=turned_away)


def _to(release: Release, target: Version, *, turned_away: Iterable[str]) -> Move:
    rejected = dict.fromkeys([*release.rejected, *turned_away])
    return Move(to=target, rejected=[identity for identity in rejected if identity != target.identity])


def _before(release: Release) -> Version:
    if release.candidate is not None:
        return _usable(release, release.stable, "the version before")
    older: list[Version] = []
    for version in release.versions:
        if version.name == release.stable:
            break
        if version.identity not in release.rejected and version.problem is None:
            older.append(version)
    if not older:
        raise BadInputError(
            f"{release.function}: nothing ran before {release.stable} that is still there; versions: {_known(release)}"
        )
    return older[-1]


def _usable(release: Release, name: str, what: str) -> Version:
    found = release.version(name)
    if found is None:
        raise BadInputError(f"{release.function}: {what}: there is no version {name}; versions: {_known(release)}")
    if found.problem is not None:
        raise BadInputError(f"{release.function}: {what}: {name} cannot take calls: {found.problem}")
    return found


def _known(release: Release) -> str:
    """The newest versions, newest first."""
    names = [version.name for version in reversed(release.versions)]
    more = f" and {len(names) - _SHOWN} older ones" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}" if names else "none"
