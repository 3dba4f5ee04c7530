"""Makes parts present in the cache, or finds them on this machine: plans, downloads, builds."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from toolchain import go as golang
from toolchain import prerequisites
from toolchain.errors import SourceUnavailableError, ToolchainError
from toolchain.plan import ORDER_VARIABLE, Choice, Planner, Source
from toolchain.sources.build import Builder, inputs_digest
from toolchain.sources.download import Downloader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from toolchain.cache import Cache
    from toolchain.parts import Part
    from toolchain.progress import Reporter

_DOWNLOAD_MINUTES = 3
_MAX_USEFUL_CORES = 8
_FEW_PACKAGES = 20
_FETCHES = 3
"""How many parts have their modules fetched at once: each takes memory while Go looks at its packages."""


class Obtainer:
    """Gets parts, each from the first source that has it.

    Args:
        cache: Where results go.
        env: Environment variables.
        reporter: Where messages go.
        parts: What is wanted, in the order in which it is built.
        optional: Names of parts that are taken where they are present, and never installed.
    """

    def __init__(
        self,
        cache: Cache,
        env: Mapping[str, str],
        reporter: Reporter,
        parts: tuple[Part, ...],
        optional: Collection[str] = (),
    ) -> None:
        self._cache, self._env, self._reporter, self._parts = cache, env, reporter, parts
        self._wanted = tuple(part for part in parts if part.name not in optional)
        self._downloader = Downloader(cache, reporter)
        self._go = golang.locate(env, golang.minimum_version(self._wanted))
        self._planner = Planner(cache, env, self._go, self._downloader)

    def obtain(self) -> dict[str, Choice]:
        """Every part by its name; those that are there are only looked at.

        Raises:
            ToolchainError: A part cannot be had. What was finished stays in the cache.
        """
        choices = self.present()
        if self.lacking(choices):
            with self.locked(choices):
                choices = self.complete()
        return choices

    def lacking(self, present: Mapping[str, Choice]) -> tuple[Part, ...]:
        """The wanted parts that are not among those present."""
        return tuple(part for part in self._wanted if part.name not in present)

    def present(self) -> dict[str, Choice]:
        """What is there already, by name; changes nothing."""
        choices: dict[str, Choice] = {}
        for part in self._parts:
            choice, _ = self._planner.present(part, self._parts, choices.get(part.comes_with))
            if choice is not None:
                choices[part.name] = choice
        return choices

    @contextmanager
    def locked(self, present: Mapping[str, Choice]) -> Iterator[None]:
        """Hold the cache's lock, and clear away what interrupted runs left.

        Args:
            present: What is there already; the rest is named to those who wait.
        """
        titles = ", ".join(part.title for part in self.lacking(present)) or "the toolchain"
        with self._cache.lock(f"install {titles}", self._reporter):
            self._cache.sweep([self._cache.build_folder(part.name, inputs_digest(part)) for part in self._parts])
            yield

    def complete(self) -> dict[str, Choice]:
        """Download what can be downloaded, then build the rest. Call it only while holding the lock.

        Raises:
            ToolchainError: A part cannot be had.
        """
        choices: dict[str, Choice] = {}
        to_build: list[Part] = []
        impossible: list[str] = []
        for part in self._parts:
            choice, refused = self._planner.present(part, self._parts, choices.get(part.comes_with))
            if choice is None and part not in self._wanted:
                continue
            if choice is None:
                choice, refused = self._download(part, refused)
            if choice is not None:
                choices[part.name] = choice
            elif Source.BUILD in self._planner.order:
                reason = refused or f"{ORDER_VARIABLE} leaves no other source"
                self._reporter.say(f"{part.title} {part.version}: needs a build: {reason}")
                to_build.append(part)
            else:
                impossible.append(f"{part.title} {part.version}: {refused}")
        if impossible:
            lines = "".join(f"\n  - {line}" for line in impossible)
            sources = ",".join(self._planner.order)
            raise ToolchainError(f"with {ORDER_VARIABLE}={sources} these cannot be had; allow another source:{lines}")
        if to_build:
            self._build(tuple(to_build), choices)
        return choices

    def _download(self, part: Part, refused: str) -> tuple[Choice | None, str]:
        if part.release is None:
            engine = "there is no released engine that it could come with" if part.comes_with else ""
            return None, refused or engine or "its publisher offers no archive"
        if Source.DOWNLOAD not in self._planner.order:
            return None, refused
        try:
            folder = self._downloader.fetch(part)
        except SourceUnavailableError as error:
            return None, "; ".join(filter(None, (refused, f"no download: {error}")))
        how = folder.entry.verified.partition(" ")[0]
        return Choice(part, Source.DOWNLOAD, folder.path, part.version, f"official release, {how} verified", folder), ""

    def _build(self, parts: tuple[Part, ...], choices: dict[str, Choice]) -> None:
        """Build parts one after another; the modules of the later ones are fetched while the first compiles."""
        prerequisites.check(parts, self._go, self._cache, self._env)
        assert self._go is not None
        builder = Builder(self._cache, self._go, self._env, self._reporter)
        cores = min(os.cpu_count() or 1, _MAX_USEFUL_CORES)
        minutes = sum(part.modules.cpu_seconds for part in parts) / cores / 60
        self._reporter.say(
            f"building {len(parts)} of {len(self._wanted)} parts with Go {self._go.version}: with empty Go caches up "
            f"to {_DOWNLOAD_MINUTES} min of downloads and about {minutes:.0f} min of compiling on {cores} cores; "
            f"less with warm ones. Interrupt it at any time: the next run goes on where it stopped"
        )
        with ThreadPoolExecutor(max_workers=min(len(parts), _FETCHES)) as pool:
            fetches = {part.name: pool.submit(builder.fetch, part) for part in parts}
            try:
                for part in parts:
                    fetched = fetches[part.name].result()
                    if fetched.missing > _FEW_PACKAGES:
                        share = fetched.missing / fetched.packages * part.modules.cpu_seconds / cores / 60
                        counted = f"{fetched.missing} of {fetched.packages} packages"
                        self._reporter.say(f"{part.title}: {counted} are to be compiled, about {share:.0f} min")
                    folder = builder.build(part, fetched)
                    reason = "built from pinned modules"
                    choices[part.name] = Choice(part, Source.BUILD, folder.path, part.version, reason, folder)
                    self._reporter.say(f"{part.title} {part.version}: built")
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
