"""What is on this machine: every part and every tool, where from, and what is missing. Changes nothing."""

from __future__ import annotations

import dataclasses
import enum
import os
import platform
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from toolchain import cluster_parts, prerequisites
from toolchain import go as golang
from toolchain import record as records
from toolchain.cache import Cache, sha256_of
from toolchain.parts import Part, all_parts
from toolchain.plan import Choice, Planner
from toolchain.progress import Reporter
from toolchain.purposes import placed_parts
from toolchain.sources.download import Downloader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SETUP = "make setup"
_INSTALL = "slipway toolchain install --for"
_MINIMUM_PYTHON = "3.11"
_LOW_DISK_MB = 2000
_ASK_SECONDS = 30


class State(enum.StrEnum):
    """How a row stands."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"
    NOT_CHECKED = "not checked"


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One thing that was looked at.

    Attributes:
        name: What it is.
        state: How it stands.
        version: Its version, or empty.
        source: `path`, `download`, `build`, `package`, `environment`, or empty.
        path: Where it lies, or empty.
        digest: Hex SHA-256 of the file, or empty.
        message: What is to be known.
        remedy: The command that mends it, or empty.
    """

    name: str
    state: State
    version: str = ""
    source: str = ""
    path: str = ""
    digest: str = ""
    message: str = ""
    remedy: str = ""


def inspect(cache_root: Path, environment: Path, env: Mapping[str, str]) -> list[Row]:
    """Look at everything.

    Args:
        cache_root: The user's cache folder of the project.
        environment: The virtual environment with the launcher.
        env: Environment variables.

    Raises:
        ToolchainError: SLIPWAY_TOOLCHAIN names no source.
    """
    cache, parts = Cache(cache_root), all_parts()
    go = golang.locate(env, golang.minimum_version(parts))
    planner = Planner(cache, env, go, Downloader(cache, Reporter()))
    rows: list[Row] = []
    choices: dict[str, Choice] = {}
    for part in parts:
        choice, refused = planner.present(part, parts, choices.get(part.comes_with))
        if choice is None:
            rows.append(Row(part.title, State.MISSING, part.version, message=refused or "not installed", remedy=SETUP))
            continue
        choices[part.name] = choice
        rows += _files(part, choice)
    rows.append(_launcher(environment, tuple(choices.values()), complete=len(choices) == len(parts)))
    rows += _only_for_knative(planner)
    rows += [_of_cluster(found) for found in cluster_parts.inspect(cache_root, env)]
    rows.append(_go(parts, go, built=len(choices) == len(parts)))
    rows.append(_python())
    rows.append(_tool("uv", environment, env, State.MISSING, SETUP))
    rows.append(_tool("git", environment, env, State.WARNING, "apt-get install git"))
    rows.append(_disk(cache_root))
    return rows


def _files(part: Part, choice: Choice) -> list[Row]:
    """A row for each file of a part, its content compared with what was published."""
    damaged = choice.cached.damaged() if choice.cached else []
    rows = []
    for name in part.files:
        path = choice.folder / name
        title = (
            part.title if name == part.binary else f"{part.title}: {name.removeprefix(part.binary).lstrip('-')} shim"
        )
        if name in damaged:
            remedy = f"rm -rf '{choice.folder}' && {SETUP}"
            message = "its content is not what was installed"
            rows.append(Row(title, State.MISSING, choice.version, choice.source, str(path), "", message, remedy))
            continue
        digest = sha256_of(path)
        message = choice.reason if choice.cached else f"{choice.reason}; its content is not checked against anything"
        rows.append(Row(title, State.OK, choice.version, choice.source, str(path), digest, message))
    return rows


def _only_for_knative(planner: Planner) -> list[Row]:
    """What lies in an installation only where somebody deploys to Knative; its absence is no fault."""
    rows = []
    needed = {part.name for part in all_parts()}
    for part in placed_parts():
        if part.name in needed:
            continue
        choice, _ = planner.present(part, (part,), None)
        rows += _files(part, choice) if choice else [Row(part.title, State.OK, part.version, message=_absent(part))]
    return rows


def _of_cluster(found: cluster_parts.Found) -> Row:
    """One row for all files of a part of the embedded cluster; its absence is no fault."""
    if not found.source:
        return Row(found.title, State.OK, found.version, message=_absent(found.part, "cluster"))
    path = os.path.commonpath(found.paths.values())
    damaged = found.cached.damaged() if found.cached else []
    if found.cached and damaged:
        remedy = f"rm -rf '{found.cached.path}' && {_INSTALL} cluster"
        message = f"not what was installed: {', '.join(damaged)}"
        return Row(found.title, State.MISSING, found.version, found.source, path, message=message, remedy=remedy)
    if not found.cached:
        message = f"{found.reason}; its content is not checked against anything"
        return Row(found.title, State.OK, found.version, found.source, path, message=message)
    name, _ = next(iter(found.cached.entry.files.items()))
    digest = found.cached.entry.files[name][1] if len(found.paths) == 1 else ""
    return Row(found.title, State.OK, found.version, found.source, path, digest, found.reason)


def _absent(part: Part | None, purpose: str = "knative") -> str:
    """What is said of something that is not there because nobody asked for it."""
    how = "fetches it"
    if part is not None:
        minutes = part.modules.cpu_seconds / (os.cpu_count() or 1) / 60
        build = f"builds it in about {max(minutes, 1):.0f} min with empty Go caches"
        how = f"downloads it, or {build}" if part.release else build
    return f"not here and not needed until asked for; `{_INSTALL} {purpose}` {how}"


def _launcher(environment: Path, choices: tuple[Choice, ...], *, complete: bool) -> Row:
    """The `pulumi` command: there, answering, and using what is present now."""
    name, path = "pulumi command", environment / "bin" / "pulumi"
    record = records.read(environment)
    if record is None:
        return Row(name, State.MISSING, path=str(path), message="not installed", remedy=SETUP)
    used = {item["name"]: item["folder"] for item in record["parts"]}
    version = _ask([str(path), "version"])
    if version is None:
        return Row(name, State.MISSING, path=str(path), message="it does not start", remedy=SETUP)
    stale = [choice.part.title for choice in choices if used.get(choice.part.name) != str(choice.folder)]
    if stale or not complete:
        message = f"it uses another {', '.join(stale)} than is wanted now" if stale else "a part is missing, see above"
        return Row(name, State.WARNING, version, "environment", str(path), message=message, remedy=SETUP)
    return Row(name, State.OK, version, "environment", str(path), message=f"PULUMI_HOME {record['pulumi_home']}")


def _go(parts: tuple[Part, ...], go: golang.Go | None, *, built: bool) -> Row:
    minimum = golang.minimum_version(parts)
    enough = go is not None and prerequisites.new_enough(go, minimum)
    found = {"version": go.version, "path": str(go.path)} if go else {}
    if enough:
        return Row("Go", State.OK, **found, message=f"{minimum} or later builds what cannot be downloaded")
    what = f"{minimum} or later is needed to build parts" if go else "not installed; only needed to build parts"
    if built:
        return Row("Go", State.OK, **found, message=f"{what}; nothing is left to build")
    return Row("Go", State.WARNING, **found, message=what, remedy=prerequisites.how_to_get_go(minimum))


def _python() -> Row:
    return Row(
        "Python", State.OK, platform.python_version(), "environment", sys.executable, message=f"{_MINIMUM_PYTHON}+"
    )


def _tool(name: str, environment: Path, env: Mapping[str, str], absent: State, remedy: str) -> Row:
    beside = environment / "bin" / name
    found = str(beside) if beside.exists() else shutil.which(name, path=env.get("PATH"))
    if found is None:
        return Row(name, absent, message="not found", remedy=remedy)
    source = "environment" if beside.exists() else "path"
    version = _ask([found, "--version"])
    if version is None:
        return Row(name, State.NOT_CHECKED, "", source, found, message="it does not tell its version")
    return Row(name, State.OK, version, source, found)


def _disk(cache_root: Path) -> Row:
    existing = next(path for path in (cache_root, *cache_root.parents) if path.exists())
    free = shutil.disk_usage(existing).free // 1_000_000
    message = f"{free} MB free"
    if not os.access(existing, os.W_OK):
        remedy = "export SLIPWAY_CACHE_DIR=<a folder of yours>"
        return Row("cache", State.MISSING, path=str(cache_root), message=f"{message}, but not writable", remedy=remedy)
    if free < _LOW_DISK_MB:
        remedy = "free some space, or export SLIPWAY_CACHE_DIR=<a folder on a larger disk>"
        return Row("cache", State.WARNING, path=str(cache_root), message=f"only {message}", remedy=remedy)
    return Row("cache", State.OK, path=str(cache_root), message=message)


def _ask(command: list[str]) -> str | None:
    """The first version number that a command prints, or None if it fails or prints none."""
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_ASK_SECONDS, check=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\d+\.\d+\S*", answer.stdout)
    return match[0] if match else None
