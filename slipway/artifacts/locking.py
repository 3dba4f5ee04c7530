"""Locks dependencies: from what a developer asks for to exact versions with the hashes of their files, by uv.

A function is resolved together with the runtime, so that both agree on one version of everything. Only versions with a
wheel for the function's platform are taken. The lock file names no index and no path of a machine.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.artifacts.bundle import Platform
from slipway.artifacts.failures import combined, workers
from slipway.artifacts.tree import DIRECT_NAME, LOCK_NAME
from slipway.artifacts.uv import run_uv
from slipway.core.errors import BadInputError, SlipwayError
from slipway.core.explain import check, known, nearest
from slipway.core.handlers import HandlerError, find_handler
from slipway.core.manifest import Manifest
from slipway.core.validate import MANIFEST
from slipway.core.yaml_source import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from slipway.core.project import Project

RUNTIME = "runtime"
"""What messages call the lock file of functions that ask for nothing of their own."""
SERVER = "server"
"""What messages call the lock file of what serves functions in containers."""
_PLAIN_PARAMETERS = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """A lock file to write.

    Attributes:
        name: Name of the function, or `runtime`, or `server`.
        sources: Requirement files, relative to the project.
        lock: The lock file.
        options: uv's options for the platform.
        command: What a reader types to write it again.
    """

    name: str
    sources: tuple[str, ...]
    lock: Path
    options: tuple[str, ...]
    command: str


@dataclasses.dataclass(frozen=True, slots=True)
class Locking:
    """What became of a lock file.

    Attributes:
        target: The lock file.
        changed: Whether it differed from what is locked now, or was missing.
    """

    target: Target
    changed: bool


def targets(project: Project, names: Sequence[str] = ()) -> list[Target]:
    """The lock files of these functions; without names those of all functions, the runtime and the server.

    Raises:
        BadInputError: A name is no function's, or a function asks for nothing or cannot be read.
    """
    asking = sorted(path.parent.name for path in project.functions.glob(f"*/{DIRECT_NAME}"))
    for name in names:
        if name not in asking:
            raise _cannot_lock(project, name, asking)
    ours = ((RUNTIME, project.runtime), (SERVER, project.server))
    found = [] if names else [_universal(project, name, folder) for name, folder in ours]
    return found + [_function(project, name) for name in asking if not names or name in names]


def lock_all(
    project: Project,
    wanted: Iterable[Target],
    *,
    upgrade: bool = False,
    write: bool = True,
    done: Callable[[Locking], None] | None = None,
) -> list[Locking]:
    """Lock several targets at a time; one that fails does not stop the others.

    Args:
        project: The project.
        wanted: What to lock.
        upgrade: Take the newest versions; otherwise what is locked stays as far as it fits.
        write: Whether to write lock files that differ.
        done: Called with each result as soon as it is there.

    Returns:
        The results, in the order of `wanted`.

    Raises:
        BadInputError: Requirements cannot be met.
        SlipwayError: The index, the network or the disk failed.
    """
    results: dict[str, Locking] = {}
    failures: list[SlipwayError] = []
    pending = list(wanted)
    with workers() as pool:
        futures = [pool.submit(_lock, project, target, upgrade=upgrade, write=write) for target in pending]
        for future in concurrent.futures.as_completed(futures):
            try:
                result = future.result()
            except SlipwayError as error:
                failures.append(error)
                continue
            results[result.target.name] = result
            if done is not None:
                done(result)
    if failures:
        raise combined(failures)
    return [results[target.name] for target in pending]


def _lock(project: Project, target: Target, *, upgrade: bool, write: bool) -> Locking:
    with tempfile.TemporaryDirectory(prefix="slipway-lock-") as scratch:
        output = Path(scratch) / LOCK_NAME
        before = target.lock.read_bytes() if target.lock.is_file() else None
        if before is not None:
            output.write_bytes(before)  # uv keeps the versions that it finds in its output file
        words = ["pip", "compile", *target.sources, "--generate-hashes", "--only-binary", ":all:", *target.options]
        words += ["--custom-compile-command", target.command, "--quiet", "--output-file", str(output)]
        run_uv(
            [*words, *(["--upgrade"] if upgrade else [])], cwd=project.root, function=target.name, target=target.name
        )
        after = output.read_bytes()
        if write and after != before:
            fresh = target.lock.with_name(f".{target.lock.name}.new")
            shutil.copyfile(output, fresh)
            fresh.replace(target.lock)
    return Locking(target, after != before)


def _universal(project: Project, name: str, folder: Path) -> Target:
    source = folder / DIRECT_NAME
    if not source.is_file():
        raise BadInputError(f"{project.relative(source)} does not exist; restore it from the repository")
    # Universal: functions of every Python and architecture share this file.
    options = ("--universal", "--python-version", "3.11")
    return Target(name, (project.relative(source),), folder / LOCK_NAME, options, "slipway lock")


def _function(project: Project, name: str) -> Target:
    directory = project.functions / name
    path = directory / MANIFEST
    document = read_yaml(path, inside=directory, shown=project.relative(path))
    checked = check(Manifest, document, {"owner": "unknown", "runtime": "python3.11"}, function=name)
    manifest = checked.model
    if manifest is None:
        raise BadInputError(f"function {name!r} cannot be locked until its {MANIFEST} is right", checked.findings)
    sources = [project.relative(directory / DIRECT_NAME)]
    if not _is_plain(directory, manifest):
        sources.append(project.relative(project.runtime / DIRECT_NAME))
    runtime = "python3.11" if manifest.runtime == "container" else manifest.runtime
    platform = Platform.of(runtime, manifest.architecture)
    options = ("--python-version", platform.python, "--python-platform", platform.tag)
    return Target(name, tuple(sources), directory / LOCK_NAME, options, f"slipway lock {name}")


def _is_plain(directory: Path, manifest: Manifest) -> bool:
    if manifest.runtime == "container" or manifest.handler is None:
        return manifest.runtime == "container"
    try:
        return find_handler(directory, manifest.handler, manifest.runtime).parameters == _PLAIN_PARAMETERS
    except HandlerError:
        return False  # dependencies may be locked before the code is written


def _cannot_lock(project: Project, name: str, asking: Sequence[str]) -> BadInputError:
    if (project.functions / name).is_dir():
        where = f"{project.relative(project.functions / name)}/{DIRECT_NAME}"
        text = (
            f"{where} does not exist; write the dependencies of {name!r} there, or lock nothing: it has the runtime's"
        )
        return BadInputError(text)
    return BadInputError(f"{name!r} is not a function{nearest(name, asking)}; functions to lock: {known(asking)}")
