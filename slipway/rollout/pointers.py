"""Where the pointers of functions are, for the program that plans the next update."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from typing import TYPE_CHECKING

from slipway.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.core.project import Project
    from slipway.core.settings import Settings
    from slipway.running.releases import Release

_AT_ONCE = 8


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pointer:
    """Where the pointer of a function is, in the words that the components take.

    Attributes:
        stable: What has the main part of the calls: Lambda's version number, or the name of a revision.
        current: Identity of that: the same number, or the hash of the revision's template.
        latest: Identity of what was made last; None when unknown.
        rejected: Identities that rollbacks turned away, comma separated, oldest first; None when there are none.
    """

    stable: str
    current: str | None
    latest: str | None
    rejected: str | None


def read(project: Project, settings: Settings, functions: Mapping[str, str]) -> dict[str, Pointer]:
    """The pointers of functions with a `rollout`.

    Args:
        project: The project, which knows the embedded cluster's kubeconfig.
        settings: Settings of the environment.
        functions: Names of the functions, and the target of each.

    Returns:
        Pointers by name; functions that are not deployed yet are left out.

    Raises:
        EngineError: A target cannot be asked; without its answer no update can be planned.
    """
    targets = Targets(settings, project.kubeconfig)

    def ask(item: tuple[str, str]) -> Release | None:
        name, target = item
        return targets.runner(target).release(name)

    with concurrent.futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        releases = pool.map(ask, functions.items())
        return {name: pointer_of(release) for name, release in zip(functions, releases, strict=True) if release}


def pointer_of(release: Release) -> Pointer:
    """The pointer that a release stands for."""
    stable = release.version(release.stable)
    latest = release.version(release.latest) if release.latest else None
    return Pointer(
        stable=release.stable,
        current=stable.identity if stable else None,
        latest=latest.identity if latest else None,
        rejected=",".join(release.rejected) or None,
    )
