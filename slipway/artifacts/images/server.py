"""What the server in a container needs beside a function's own dependencies, locked on its own.

It lies in a layer of its own that all functions share, so it neither meets the versions that a function locks nor makes
packages for Lambda bigger.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from slipway.artifacts import tree as trees
from slipway.artifacts.content import mistake
from slipway.artifacts.lockfile import parse_lock
from slipway.core.errors import BadInputError

if TYPE_CHECKING:
    from slipway.artifacts.inputs import PackageInputs
    from slipway.core.project import Project


def server_dependencies(project: Project, inputs: PackageInputs) -> PackageInputs:
    """Inputs of the bundle that the server needs, for the same runtime and architecture as those of a function.

    Raises:
        BadInputError: Its lock file is missing or wrong.
    """
    path = project.server / trees.LOCK_NAME
    where = project.relative(path)
    try:
        lock = parse_lock(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{where} cannot be read; restore it from the repository or run `slipway lock`") from error
    if lock.mistakes:
        found = [mistake(where, "bad-lock-file", m.message, m.remedy, line=m.line) for m in lock.mistakes]
        raise BadInputError(f"{where} has {len(found)} mistake(s)", found)
    return dataclasses.replace(
        inputs, function="server", lock=path, lock_digest=lock.digest, roots=None, cut=(), sections={}
    )
