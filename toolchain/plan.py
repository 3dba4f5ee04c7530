"""Which source each part comes from, and why: on PATH, from the cache, the official download, a build."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolchain.errors import SourceUnavailableError, ToolchainError
from toolchain.sources import build, path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from toolchain import go as golang
    from toolchain.cache import Cache, Folder
    from toolchain.parts import Part
    from toolchain.sources.download import Downloader


class Source(enum.StrEnum):
    """Where a part can come from, in the order in which the sources are tried."""

    PATH = "path"
    DOWNLOAD = "download"
    BUILD = "build"


ORDER_VARIABLE = "SLIPWAY_TOOLCHAIN"


@dataclass(frozen=True, slots=True)
class Choice:
    """A part that is present.

    Attributes:
        part: The part.
        source: Where it came from.
        folder: Folder with its files.
        version: Its own version.
        reason: Why this source, in words.
        cached: Its folder in our cache, or None for the user's own.
    """

    part: Part
    source: Source
    folder: Path
    version: str
    reason: str
    cached: Folder | None = None


def order(env: Mapping[str, str]) -> tuple[Source, ...]:
    """The sources to try, from SLIPWAY_TOOLCHAIN (comma-separated), all by default.

    Raises:
        ToolchainError: The variable names something else.
    """
    text = env.get(ORDER_VARIABLE, "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    allowed = [source.value for source in Source]
    if unknown := [name for name in names if name not in allowed]:
        raise ToolchainError(
            f"{ORDER_VARIABLE}: {', '.join(unknown)} is no source; allowed are {', '.join(allowed)}, as in "
            f"{ORDER_VARIABLE}=path,build"
        )
    return tuple(Source(name) for name in dict.fromkeys(names)) or tuple(Source)


class Planner:
    """Looks for what is there already; installs nothing.

    Args:
        cache: Our cache.
        env: Environment: PATH, HOME and SLIPWAY_TOOLCHAIN decide.
        go: The Go command, or None when there is none.
        downloader: Knows which archives are cached.
    """

    def __init__(self, cache: Cache, env: Mapping[str, str], go: golang.Go | None, downloader: Downloader) -> None:
        self.order = order(env)
        self._cache, self._env, self._go, self._downloader = cache, env, go, downloader

    def present(self, part: Part, parts: tuple[Part, ...], engine: Choice | None) -> tuple[Choice | None, str]:
        """What is there of a part.

        Args:
            part: What is looked for.
            parts: All parts: those that come with it are asked for beside it.
            engine: What was chosen for the part that this one comes with, if it is known already.

        Returns:
            The choice, or None, and the reason why the user's own do not do (empty when none was asked for).
        """
        if part.comes_with and engine is not None and engine.source is not Source.BUILD:
            reason = f"comes with the {engine.part.title}"
            return Choice(part, engine.source, engine.folder, engine.version, reason, engine.cached), ""
        refused = ""
        for source in self.order:
            if source is Source.PATH and not part.comes_with:
                beside = tuple(name for other in parts if other.comes_with == part.name for name in other.files)
                try:
                    found = path.find(part, self._env, self._cache.root, beside)
                except SourceUnavailableError as error:
                    refused = str(error)
                    continue
                return Choice(part, source, found.folder, found.version, f"found at {found.where}"), ""
            folder = self._cached(part, source)
            if folder is not None:
                why = f"{refused}; " if refused else ""
                why += f"in the cache since {folder.entry.made_at[:10]}"
                return Choice(part, source, folder.path, part.version, why, folder), refused
        return None, refused

    def _cached(self, part: Part, source: Source) -> Folder | None:
        if source is Source.DOWNLOAD:
            return self._downloader.cached(part)
        if source is Source.BUILD and self._go is not None:
            return self._cache.find(part.name, part.version, build.build_digest(part, self._go))
        if source is Source.BUILD:  # without Go an older build of the same inputs does as well
            return self._cache.find_inputs(part.name, part.version, build.inputs_digest(part))
        return None
