"""Reads a whole project and says everything that is wrong with it, without running anything of it."""

from __future__ import annotations

import dataclasses
import os
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.core.anatomy import hides_keys
from slipway.core.environments import load_environment, name_findings
from slipway.core.explain import Mistake, check, to_finding
from slipway.core.files import leaves
from slipway.core.findings import Finding, errors_in, in_order
from slipway.core.folder import FolderCheck, holds_files
from slipway.core.function_rules import function_mistakes
from slipway.core.handlers import HandlerError, find_handler
from slipway.core.loaded import Loaded, LoadedFunction
from slipway.core.manifest import Manifest
from slipway.core.project_rules import project_findings
from slipway.core.yaml_source import read_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.core.document import Document
    from slipway.core.handlers import Signature
    from slipway.core.project import Project

MANIFEST = "function.yaml"
"""Name of the manifest in a function's folder."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_PLACEHOLDERS = {"owner": "unknown", "runtime": "python3.11"}
_IMAGE_FILES = ("Containerfile", "Dockerfile")


def load(project: Project, environments: Sequence[str] | None = None) -> Loaded:
    """Read the functions and environments of a project and check them, also against each other.

    Args:
        project: The project.
        environments: Names of the environments that matter; None means all.

    Returns:
        What is right, and findings about everything that is not. Nothing is raised for bad input.
    """
    directories = function_folders(project)
    loaded = [load_function(project, directory) for directory in directories]
    names, findings = name_findings(project, environments)
    read = {name: load_environment(project, name) for name in names}
    findings += [finding for function in loaded for finding in function.findings]
    findings += [finding for environment in read.values() for finding in environment.findings]
    usable = {item.function.name: item.function for item in loaded if item.function is not None}
    places = {name: item.environment for name, item in read.items() if item.environment is not None}
    findings += project_findings(usable, places, [directory.name for directory in directories])
    errors = errors_in(findings)
    wrong = {finding.function for finding in errors}
    wrong_places = {finding.environment for finding in errors if finding.function is None}
    return Loaded(
        functions={name: function for name, function in usable.items() if name not in wrong},
        settings={
            name: place.settings for name, place in places.items() if read[name].complete and name not in wrong_places
        },
        findings=in_order(findings),
        function_count=len(directories),
        environments=list(environments) if environments is not None else names,
    )


def function_folders(project: Project) -> list[Path]:
    """Folders of functions, sorted; one with only caches and hidden files is what remains of a removed function."""
    if not project.functions.is_dir():
        return []
    functions, shared = project.functions, project.shared.name
    with os.scandir(functions) as entries:
        names = sorted(
            entry.name
            for entry in entries
            if not entry.name.startswith((".", "__"))
            and entry.name != shared
            and (entry.is_symlink() or (entry.is_dir() and _holds_files(entry.path)))
        )
    return [functions / name for name in names]


def _holds_files(directory: str) -> bool:
    try:
        return holds_files(directory)
    except OSError:
        return True  # reading the function will say what is the matter


@dataclasses.dataclass(frozen=True, slots=True)
class ReadFunction:
    """A function's folder after it was read.

    Attributes:
        function: The function as far as it could be used; None when it could not.
        findings: What was found.
    """

    function: LoadedFunction | None
    findings: list[Finding]


def load_function(project: Project, directory: Path) -> ReadFunction:
    """Read one function; what it says is checked, but not against other functions or environments.

    Args:
        project: The project.
        directory: The function's folder.
    """
    folder = FolderCheck(project, directory)
    try:
        return ReadFunction(_function(project, folder, directory), folder.findings)
    except OSError as error:
        place = Path(os.fsdecode(error.filename)) if error.filename else directory
        folder.add("unreadable-file", f"cannot be read: {error.strerror}", "check its permissions", place)
        return ReadFunction(None, folder.findings)


def _function(project: Project, folder: FolderCheck, directory: Path) -> LoadedFunction | None:
    """The function as far as its folder could be used; findings go to the folder's."""
    name = directory.name
    if not _NAME.fullmatch(name):
        allowed = "use 1-40 lower-case letters, digits and hyphens, with no hyphen first or last"
        folder.add("bad-name", f"{name!r} is not a function's name", f"rename the folder: {allowed}", directory)
    if directory.is_symlink():
        message = "is a symbolic link, not a folder"
        remedy = "put the folder itself there" if not leaves(directory, project.functions) else "put the function there"
        folder.add("symlink-outside", message, remedy, directory)
        return None
    path = directory / MANIFEST
    if not path.exists() and not path.is_symlink():
        other = directory / "function.yml"
        remedy = "rename function.yml" if other.exists() else "describe the function there, or remove the folder"
        folder.add("missing-file", "does not exist", remedy, path)
        return None
    hides = partial(hides_keys, Manifest)
    document = read_yaml(path, inside=directory, shown=project.relative(path), hides=hides)
    checked = check(Manifest, document, _PLACEHOLDERS, function=name)
    folder.findings += checked.findings
    folder.files()
    folder.dependencies()
    example = folder.example()
    manifest = checked.model
    if manifest is None:
        return None
    signature = _signature(project, folder, directory, manifest, document)
    containerfile = _containerfile(directory, manifest)
    mistakes = [*function_mistakes(manifest), *_no_image(manifest, containerfile)]
    folder.findings += [
        to_finding(document, mistake, function=name)
        for mistake in mistakes
        if not checked.refused.touches(mistake.path)
    ]
    return LoadedFunction(
        name=name,
        directory=directory,
        manifest=manifest,
        positions=document,
        signature=signature,
        example=example,
        containerfile=containerfile,
    )


def _signature(
    project: Project, folder: FolderCheck, directory: Path, manifest: Manifest, document: Document
) -> Signature:
    """How the handler is called; findings about it go to the folder's."""
    guess: Signature = "http" if manifest.http else "cloudevent"
    if manifest.runtime == "container":
        return "lambda"
    if manifest.handler is None:
        return guess
    try:
        handler = find_handler(directory, manifest.handler, manifest.runtime)
    except HandlerError as error:
        mark = document.mark(("handler",))
        folder.findings.append(
            Finding(
                severity=error.severity,
                rule=error.rule,
                message=error.message,
                remedy=error.remedy,
                function=directory.name,
                property=None if error.file else "handler",
                file=project.relative(error.file) if error.file else document.file,
                line=error.line if error.file else mark.line,
                column=error.column if error.file else mark.column,
            )
        )
        return guess
    wanted = None if not manifest.events else "http" if manifest.http else "cloudevent"
    if handler.decorated is not None and wanted is not None and handler.decorated != wanted:
        is_for = "requests" if handler.decorated == "http" else "CloudEvents"
        folder.add(
            "bad-signature",
            f"handler {manifest.handler.partition(':')[2]!r} is decorated for {is_for}, but its events are "
            f"{'http' if manifest.http else 'not http'}",
            "change the decorator or the events",
            handler.file,
            (handler.line, 1),
        )
    return handler.signature(has_http=bool(manifest.http))


def _containerfile(directory: Path, manifest: Manifest) -> Path | None:
    """What the image of a container is built from, unless it is given."""
    if manifest.runtime != "container" or manifest.image is not None:
        return None
    return next((path for name in _IMAGE_FILES if (path := directory / name).is_file()), None)


def _no_image(manifest: Manifest, containerfile: Path | None) -> list[Mistake]:
    if manifest.runtime != "container" or manifest.image is not None or containerfile is not None:
        return []
    return [
        Mistake(
            path=("image",),
            rule="missing-key",
            message="image is missing for runtime container, and there is no Containerfile",
            remedy="it is repository@sha256:<64 hex digits>; or describe in a Containerfile how it is built",
        )
    ]
