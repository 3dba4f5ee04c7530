"""Writes a function's package: its dependencies, then its own files, checked for conflicts and Lambda's size limit."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, TypeVar

from slipway.artifacts import tree as trees
from slipway.artifacts.content import mistake
from slipway.artifacts.inputs import SBOM
from slipway.artifacts.limits import biggest, check_size, dependency_sizes
from slipway.artifacts.zips import ZipWriter
from slipway.core.errors import BadInputError, SlipwayError
from slipway.core.findings import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from slipway.artifacts.inputs import PackageInputs
    from slipway.artifacts.store import Stored
    from slipway.core.findings import Finding

_T = TypeVar("_T")
_CONTAINERS_ONLY = (
    "slipway_runtime/server"  # part of the digest, which is one for both targets, but of no use on Lambda
)
_ORIGINS = {
    "function": "its files",
    "program": "its files",
    "runtime": "files of the runtime adapter",
    "shared": "shared files",
}


def write_package(inputs: PackageInputs, dependencies: Stored | None, path: Path) -> dict[str, Any]:
    """Write the package.

    Args:
        inputs: What goes in.
        dependencies: The bundle of dependencies, if it has any.
        path: The zip to write; an existing file is replaced.

    Returns:
        Facts about it: `unzipped` (bytes), `biggest` (pairs of contributor and bytes, at most 5) and `warnings`.

    Raises:
        BadInputError: A file conflicts with a dependency, or the package is bigger than Lambda takes.
        SlipwayError: A file changed since the inputs were collected.
    """
    from slipway.artifacts.sbom import sbom  # noqa: PLC0415 - its library is slow to load, and only this needs it

    sizes = dependency_sizes(dependencies.facts["packages"] if dependencies else {})
    for name, source in inputs.files.items():
        if name.startswith(_CONTAINERS_ONLY):
            continue
        sizes[name.split("/", maxsplit=1)[0]] += _tried(inputs, source, trees.size)
    check_size(inputs.function, sizes)
    with ZipWriter(path, start=dependencies.path if dependencies else None) as archive:
        refuse_conflicts(inputs, archive.names)
        files = {}
        for name, content in contents(inputs):
            if not name.startswith(_CONTAINERS_ONLY):
                archive.add(name, content)
                files[name] = hashlib.sha256(content).hexdigest()
        listed = sbom(inputs, files, [(inputs, dependencies)] if dependencies else [])
        archive.add(SBOM, listed)
    sizes[SBOM] = len(listed)
    check_size(inputs.function, sizes)
    warnings = dependencies.facts["warnings"] if dependencies else []
    return {"unzipped": sizes.total(), "biggest": biggest(sizes), "warnings": warnings}


def contents(inputs: PackageInputs) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file but the dependencies'; it must be read to its end, where it is known to be right.

    Raises:
        BadInputError: A file cannot be read.
        SlipwayError: A file changed since the inputs were collected.
    """
    for kind, section in sorted(inputs.sections.items()):
        found = []
        for name, source in section.files.items():
            content = _tried(inputs, source, trees.read)
            found.append((name, hashlib.sha256(content).hexdigest()))
            yield name, content
        if trees.listing_digest(found) != section.digest:
            raise _changed(inputs, _ORIGINS[kind])


def refuse_conflicts(inputs: PackageInputs, installed: Iterable[str]) -> None:
    """Refuse files that would lie over a dependency's, or hide it from `import`.

    Args:
        inputs: What goes in.
        installed: Names of the dependencies' files.

    Raises:
        BadInputError: There are such files; all of them are named.
    """
    if found := _conflicts(inputs, installed):
        raise BadInputError(f"function {inputs.function!r}: files conflict with dependencies", found)


def _tried(inputs: PackageInputs, source: str, action: Callable[[str], _T]) -> _T:
    try:
        return action(source)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise BadInputError(f"function {inputs.function!r}: {source} cannot be read: {reason}") from error


def _changed(inputs: PackageInputs, what: str) -> SlipwayError:
    text = f"function {inputs.function!r}: {what} changed while it was packaged; run the same command again"
    return SlipwayError(text)


def _conflicts(inputs: PackageInputs, installed: Iterable[str]) -> list[Finding]:
    taken = {_import_name(name): name for name in sorted(installed, reverse=True)}
    found: dict[str, Finding] = {}
    for section in inputs.sections.values():
        for name in section.files:
            other = taken.get(_import_name(name))
            if other is None:
                continue
            top = name.split("/", maxsplit=1)[0]
            text = f"has the same import name as {other.split('/', maxsplit=1)[0]} of a dependency"
            where = f"functions/{inputs.function}/{top}"
            found[top] = mistake(where, "hides-dependency", text, "rename it", inputs.function)
    return in_order(found.values())


def _import_name(name: str) -> str:
    """What `import` calls the top of a path: `flask` for `flask/app.py`, `six` for `six.py`; other names stay whole."""
    top, _, below = name.partition("/")
    return top if below or not top.endswith((".py", ".so")) else top.partition(".")[0]
