"""Makes the whole toolchain present: plans, downloads, builds, assembles, writes the launcher."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from toolchain import go as golang
from toolchain import launcher, prerequisites
from toolchain.cache import Cache, new_entry, replace_text
from toolchain.errors import SourceUnavailableError, ToolchainError, disk_errors_named
from toolchain.parts import Part, all_parts
from toolchain.plan import ORDER_VARIABLE, Choice, Planner, Source
from toolchain.sources.build import Builder, inputs_digest
from toolchain.sources.download import Downloader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from toolchain.progress import Reporter

RECORD = "slipway-toolchain.json"
"""Name of the file in the virtual environment that says what was installed."""

_DOWNLOAD_MINUTES = 3
_MAX_USEFUL_CORES = 8
_FEW_PACKAGES = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Installation:
    """What an installation consists of, all paths absolute.

    Attributes:
        launcher: The `pulumi` command to call.
        bin: Folder that holds engine, language host and shim.
        pulumi_home: PULUMI_HOME with the plugins.
        choices: One for each part, in order.
        changed: Whether this run changed what the launcher uses.
    """

    launcher: Path
    bin: Path
    pulumi_home: Path
    choices: tuple[Choice, ...]
    changed: bool = False


class Installer:
    """Installs the parts for one virtual environment.

    Args:
        cache_root: The user's cache folder of the project.
        environment: The virtual environment whose `bin/pulumi` is written.
        project: The checkout, named in messages.
        env: Environment variables.
        reporter: Where messages go.
        parts: What to install.
    """

    def __init__(
        self,
        *,
        cache_root: Path,
        environment: Path,
        project: Path,
        env: Mapping[str, str],
        reporter: Reporter,
        parts: tuple[Part, ...] | None = None,
    ) -> None:
        self._cache = Cache(cache_root)
        self._environment, self._project, self._env, self._reporter = environment, project, env, reporter
        self._parts = parts or all_parts()
        self._downloader = Downloader(self._cache, reporter)
        self._go = golang.locate(env, golang.minimum_version(self._parts))
        self._planner = Planner(self._cache, env, self._go, self._downloader)

    def install(self) -> Installation:
        """Make every part present; when all are, this only compares and returns.

        Raises:
            ToolchainError: A part cannot be had. What was finished stays in the cache.
        """
        choices = self._present()
        beside = self._beside(choices)
        if beside is None:
            titles = ", ".join(part.title for part in self._parts if part.name not in choices) or "the toolchain"
            with self._cache.lock(f"install {titles}", self._reporter):
                self._cache.sweep([self._cache.build_folder(part.name, inputs_digest(part)) for part in self._parts])
                choices = self._complete()
                beside = self._beside(choices) or self._put_together(choices)
        return self._finish(tuple(choices[part.name] for part in self._parts), beside)

    def _present(self) -> dict[str, Choice]:
        choices: dict[str, Choice] = {}
        for part in self._parts:
            choice, _ = self._planner.present(part, self._parts, choices.get(part.comes_with))
            if choice is not None:
                choices[part.name] = choice
        return choices

    def _complete(self) -> dict[str, Choice]:
        """Download what can be downloaded, then build the rest."""
        choices: dict[str, Choice] = {}
        to_build: list[Part] = []
        impossible: list[str] = []
        for part in self._parts:
            choice, refused = self._planner.present(part, self._parts, choices.get(part.comes_with))
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
            return None, refused or "there is no released engine that it could come with"
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
            f"building {len(parts)} of {len(self._parts)} parts with Go {self._go.version}: with empty Go caches up to "
            f"{_DOWNLOAD_MINUTES} min of downloads and about {minutes:.0f} min of compiling on {cores} cores; "
            f"less with warm ones. Interrupt it at any time: the next run goes on where it stopped"
        )
        with ThreadPoolExecutor(max_workers=len(parts)) as pool:
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

    def _finish(self, choices: tuple[Choice, ...], folder: Path) -> Installation:
        """Tell the engine's home of the plugins, and write launcher and record."""
        needed = [folder / name for part in self._parts if not part.plugin for name in part.files]
        needed += [self._link_plugin(choice) for choice in choices if choice.part.plugin]
        target = self._environment / "bin" / self._parts[0].binary
        launcher.write(target, needed[0], tuple(needed[1:]), self._cache.pulumi_home, self._project)
        installation = Installation(target, folder, self._cache.pulumi_home, choices)
        record = json.dumps(installation_record(installation), indent=2) + "\n"
        path = self._environment / RECORD
        if path.is_file() and _without_reasons(path.read_text(encoding="utf-8")) == _without_reasons(record):
            return installation
        replace_text(path, record, 0o644)
        return dataclasses.replace(installation, changed=True)

    def _beside(self, choices: dict[str, Choice]) -> Path | None:
        """The folder in which engine and language host lie together, or None if it is yet to be made."""
        if len(choices) < len(self._parts):
            return None
        engine = choices[self._parts[0].name]
        if engine.source is not Source.BUILD:
            return engine.folder
        there = self._cache.find("bin", engine.version, self._together_digest(choices))
        return there.path if there else None

    def _put_together(self, choices: dict[str, Choice]) -> Path:
        """Hard links to the files of several parts in one folder: the engine looks for its host beside itself."""
        digest, version = self._together_digest(choices), self._parts[0].version
        with self._cache.staging("bin") as staged:
            with disk_errors_named("putting engine and language host together", self._cache.root):
                for part in self._parts:
                    for name in () if part.plugin else part.files:
                        _link_or_copy(choices[part.name].folder / name, staged / name)
            entry = new_entry(
                part="bin", version=version, source="build", inputs=digest, made_with="", verified="its parts"
            )
            return self._cache.publish(staged, digest, entry).path

    def _together_digest(self, choices: dict[str, Choice]) -> str:
        names = (choices[part.name].folder.name for part in self._parts if not part.plugin)
        return hashlib.sha256("\0".join(names).encode()).hexdigest()

    def _link_plugin(self, choice: Choice) -> Path:
        """Make a plugin known to our PULUMI_HOME; a link, because the user's own may be large."""
        folder = self._cache.pulumi_home / "plugins" / choice.part.plugin
        link, target = folder / choice.part.binary, choice.folder / choice.part.binary
        with disk_errors_named(f"installing the {choice.part.title}", self._cache.root):
            folder.mkdir(parents=True, exist_ok=True)
            # The engine takes a plugin beside such a marker for half-installed.
            folder.with_name(f"{folder.name}.partial").unlink(missing_ok=True)
            if not (link.is_symlink() and link.readlink() == target):
                fresh = folder / f".{link.name}-{os.getpid()}"
                fresh.unlink(missing_ok=True)
                fresh.symlink_to(target)
                fresh.replace(link)
        return link


def installation_record(installation: Installation) -> dict[str, Any]:
    """The installation as JSON-like values, as `toolchain path --json` prints it."""
    return {
        "launcher": str(installation.launcher),
        "bin": str(installation.bin),
        "pulumi_home": str(installation.pulumi_home),
        "parts": [
            {
                "name": choice.part.name,
                "title": choice.part.title,
                "version": choice.version,
                "source": choice.source.value,
                "folder": str(choice.folder),
                "binary": str(choice.folder / choice.part.binary),
                "digest": choice.cached.entry.files[choice.part.binary][1] if choice.cached else "",
                "reason": choice.reason,
            }
            for choice in installation.choices
        ],
    }


def _without_reasons(record: str) -> str:
    """A record without the lines that differ between the run that installed and those after it."""
    return "\n".join(line for line in record.splitlines() if not line.lstrip().startswith('"reason":'))


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
