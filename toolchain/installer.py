"""Puts the toolchain in place: assembles the engine, links plugins, writes launchers and the record."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from toolchain import launcher
from toolchain.cache import Cache, new_entry, replace_text
from toolchain.errors import disk_errors_named
from toolchain.obtain import Obtainer
from toolchain.parts import Part, all_parts
from toolchain.plan import Choice, Source
from toolchain.record import RECORD

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from toolchain.progress import Reporter


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
        parts: What may lie in an installation, in order; the engine first.
        optional: Names of those that are put in place where they are present, and never fetched or built.
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
        optional: Collection[str] = (),
    ) -> None:
        self._cache = Cache(cache_root)
        self._environment, self._project = environment, project
        self._parts = parts or all_parts()
        self._obtainer = Obtainer(self._cache, env, reporter, self._parts, optional)

    def install(self) -> Installation:
        """Make every part present; when all are, this only compares and returns.

        Raises:
            ToolchainError: A part cannot be had. What was finished stays in the cache.
        """
        choices = self._obtainer.present()
        beside = self._beside(choices)
        if beside is None:
            with self._obtainer.locked(choices):
                choices = self._obtainer.complete()
                beside = self._beside(choices) or self._put_together(choices)
        return self._finish(tuple(choices[part.name] for part in self._parts if part.name in choices), beside)

    def _finish(self, choices: tuple[Choice, ...], folder: Path) -> Installation:
        """Tell the engine's home of the plugins, and write launchers and record."""
        needed = [folder / name for part in self._parts if part.beside_engine for name in part.files]
        needed += [self._link_plugin(choice) for choice in choices if choice.part.plugin]
        commands = self._environment / "bin"
        target = commands / self._parts[0].binary
        launcher.write(target, needed[0], tuple(needed[1:]), self._cache.pulumi_home, self._project)
        for choice in choices:
            if choice.part.command:
                binary = choice.part.binary
                launcher.write_command(commands / binary, choice.folder / binary, self._project, "knative")
        installation = Installation(target, folder, self._cache.pulumi_home, choices)
        record = json.dumps(installation_record(installation), indent=2) + "\n"
        path = self._environment / RECORD
        if path.is_file() and _without_reasons(path.read_text(encoding="utf-8")) == _without_reasons(record):
            return installation
        replace_text(path, record, 0o644)
        return dataclasses.replace(installation, changed=True)

    def _beside(self, choices: dict[str, Choice]) -> Path | None:
        """The folder in which engine and language host lie together, or None if it is yet to be made."""
        if self._obtainer.lacking(choices):
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
                    for name in part.files if part.beside_engine else ():
                        _link_or_copy(choices[part.name].folder / name, staged / name)
            entry = new_entry(
                part="bin", version=version, source="build", inputs=digest, made_with="", verified="its parts"
            )
            return self._cache.publish(staged, digest, entry).path

    def _together_digest(self, choices: dict[str, Choice]) -> str:
        names = (choices[part.name].folder.name for part in self._parts if part.beside_engine)
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
