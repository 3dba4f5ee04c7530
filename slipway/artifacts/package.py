"""Writes a function's package: its dependencies, then its own files, checked for conflicts and Lambda's size limit."""

from __future__ import annotations

import collections
import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Any

from slipway.artifacts import tree as trees
from slipway.artifacts.content import mistake
from slipway.artifacts.store import CacheError
from slipway.artifacts.zips import ZipWriter
from slipway.core.errors import BadInputError
from slipway.core.findings import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from slipway.artifacts.inputs import PackageInputs
    from slipway.artifacts.store import Stored
    from slipway.core.findings import Finding

MAX_UNZIPPED_BYTES = 262_144_000
"""Lambda's limit for a package with its layers, unzipped; the 50 MB limit of zips does not apply to those in S3.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""
_NAMED_CONTRIBUTORS = 5


def write_package(inputs: PackageInputs, dependencies: Stored | None, path: Path) -> dict[str, Any]:
    """Write the package.

    Args:
        inputs: What goes in.
        dependencies: The bundle of dependencies, if it has any.
        path: The zip to write; an existing file is replaced.

    Returns:
        Facts about it: `unzipped` (bytes), `biggest` (pairs of contributor and bytes, at most 5) and `warnings`.

    Raises:
        BadInputError: A file conflicts with a dependency, the package is bigger than Lambda takes, or a file changed
            since the inputs were collected.
    """
    packages: Mapping[str, Any] = dependencies.facts["packages"] if dependencies else {}
    if dependencies is not None:
        shutil.copyfile(dependencies.path, path)
    sizes: collections.Counter[str] = collections.Counter()
    with ZipWriter(path, append=dependencies is not None) as archive:
        conflicts = _conflicts(inputs, archive.names())
        if conflicts:
            raise BadInputError(f"function {inputs.function!r}: files conflict with dependencies", conflicts)
        for kind, section in sorted(inputs.sections.items()):
            contents = []
            for name, source in section.files.items():
                content = _content(inputs, source)
                contents.append((name, hashlib.sha256(content).hexdigest()))
                archive.add(name, content)
                sizes[name.split("/", maxsplit=1)[0]] += len(content)
            if trees.listing_digest(contents) != section.digest:
                raise _changed(inputs, kind)
    sizes.update({f"dependency {name} {facts['version']}": facts["bytes"] for name, facts in packages.items()})
    facts = {
        "unzipped": sizes.total(),
        "biggest": sizes.most_common(_NAMED_CONTRIBUTORS),
        "warnings": dependencies.facts["warnings"] if dependencies else [],
    }
    _check_size(inputs.function, facts)
    return facts


def _content(inputs: PackageInputs, source: str) -> bytes:
    try:
        return trees.read(source)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise BadInputError(f"function {inputs.function!r}: {source} cannot be read: {reason}") from error


def _changed(inputs: PackageInputs, kind: str) -> CacheError:
    what = {"function": "its files", "shared": "shared files", "runtime": "files of the runtime adapter"}[kind]
    return CacheError(f"function {inputs.function!r}: {what} changed while it was packaged; run the same command again")


def _conflicts(inputs: PackageInputs, installed: Iterable[str]) -> list[Finding]:
    """Own files that would lie over a dependency's, or hide it from `import`."""
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


def _check_size(function: str, facts: Mapping[str, Any]) -> None:
    if facts["unzipped"] <= MAX_UNZIPPED_BYTES:
        return
    biggest = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in facts["biggest"])
    raise BadInputError(
        f"function {function!r}: the package has {facts['unzipped'] / 1e6:.1f} MB unzipped, Lambda takes at most "
        f"{MAX_UNZIPPED_BYTES / 1e6:.1f} MB with its layers; biggest: {biggest}; drop a dependency, move data to a "
        "bucket, or use runtime: container"
    )
