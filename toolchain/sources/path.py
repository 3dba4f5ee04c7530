"""What is already on this machine: executables on PATH, plugins in the user's own Pulumi folder."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from toolchain.errors import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from toolchain.parts import Part

LAUNCHER_MARK = "slipway engine launcher"
"""Words in the first lines of the launcher that this package writes; a file with them is no engine."""

_VERSION = re.compile(r"v?(\d+\.\d+\.\d+\S*)")
_ASK_SECONDS = 60
_HEAD_BYTES = 256


@dataclass(frozen=True, slots=True)
class Found:
    """A part that was there already.

    Attributes:
        folder: Folder that holds the part's files, symbolic links resolved.
        version: What the binary answered.
        where: Path as it was found, for messages.
    """

    folder: Path
    version: str
    where: Path


def find(part: Part, env: Mapping[str, str], cache_root: Path, companions: tuple[str, ...] = ()) -> Found:
    """The first compatible one of the user's own.

    Args:
        part: What to look for.
        env: Environment whose PATH, PULUMI_HOME and HOME are searched.
        cache_root: Our own cache, whose content never counts.
        companions: Further files that must lie beside the binary.

    Raises:
        SourceUnavailableError: There is none; the message says what was looked at and why it does not do.
    """
    if not (part.version_command or part.plugin):
        raise SourceUnavailableError(f"{part.binary} does not tell its version, so none on PATH is taken")
    beside = (*part.companions, *companions)
    refused: list[str] = []
    for candidate in _candidates(part, env):
        if _is_ours(candidate, cache_root):
            continue
        try:
            resolved = candidate.resolve(strict=True)
            # The folder of a plugin that does not tell its version names it, for the engine too.
            version = ask_version(part, resolved) if part.version_command else part.version
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            refused.append(f"{candidate} does not tell its version ({error})")
            continue
        if not accepts(part, version):
            refused.append(f"{candidate} is {version}, {_wanted(part)} is needed")
            continue
        if absent := [name for name in beside if not os.access(resolved.parent / name, os.X_OK)]:
            refused.append(f"{candidate} {version} has no {' and no '.join(absent)} beside it")
            continue
        return Found(resolved.parent, version, candidate)
    raise SourceUnavailableError("; ".join(refused) or f"no {part.binary} {_where(part)}")


def accepts(part: Part, version: str) -> bool:
    """Whether a version may stand in for the pinned one."""
    try:
        found, pinned = Version(version), Version(part.version)
    except InvalidVersion:
        return False
    if not part.newer_is_compatible:
        return found == pinned
    return found.major == pinned.major and found >= pinned


def ask_version(part: Part, binary: Path) -> str:
    """The version that an executable prints about itself.

    Raises:
        OSError: It cannot be run.
        subprocess.SubprocessError: It failed or did not answer within a minute.
        ValueError: What it printed holds no version.
    """
    quiet = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = subprocess.run(
        [binary, *part.version_command],
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_ASK_SECONDS,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **quiet},
    )
    match = _VERSION.search(answer.stdout)
    if not match:
        raise ValueError(f"it printed {answer.stdout.strip()[:80]!r}")
    return match[1]


def is_launcher(path: Path) -> bool:
    """Whether a file is a launcher that this package wrote; one that cannot be read is none."""
    try:
        with path.open("rb") as file:
            return LAUNCHER_MARK.encode() in file.read(_HEAD_BYTES)
    except OSError:
        return False


def _candidates(part: Part, env: Mapping[str, str]) -> Iterator[Path]:
    seen: set[Path] = set()
    folders = [Path(name) for name in env.get("PATH", os.defpath).split(os.pathsep) if name]
    if not part.version_command:
        folders = []
    if part.plugin:
        homes = [env.get("PULUMI_HOME"), str(Path(env.get("HOME", "~")).expanduser() / ".pulumi")]
        plugins = [Path(home) / "plugins" / part.plugin for home in homes if home]
        # The engine marks what it has not finished to unpack.
        folders[:0] = [folder for folder in plugins if not folder.with_name(f"{folder.name}.partial").exists()]
    for folder in folders:
        path = folder.absolute() / part.binary
        # `access` first: it answers also where a folder of PATH may not be entered.
        if path not in seen and os.access(path, os.X_OK) and path.is_file():
            seen.add(path)
            yield path


def _is_ours(path: Path, cache_root: Path) -> bool:
    return path.resolve().is_relative_to(cache_root.resolve()) or is_launcher(path)


def _wanted(part: Part) -> str:
    return f"{part.version} or a later {part.version.partition('.')[0]}.x" if part.newer_is_compatible else part.version


def _where(part: Part) -> str:
    places = ["on PATH"] if part.version_command else []
    places += [f"in ~/.pulumi/plugins/{part.plugin}"] if part.plugin else []
    return " or ".join(places)
