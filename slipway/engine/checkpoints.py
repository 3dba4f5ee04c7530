"""Looks whether the state file of a stack can be read, and goes back to the last copy that can (folder backend)."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zlib
from typing import TYPE_CHECKING

from slipway.core.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from slipway.core.project import Project
    from slipway.engine.backend import Backend

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


def is_readable(path: Path) -> bool:
    """Whether a checkpoint file is whole; one compressed with zstd is taken to be so, the engine looks itself."""
    try:
        data = path.read_bytes()
        if data.startswith(_ZSTD):
            return True
        content = json.loads(gzip.decompress(data) if data.startswith(_GZIP) else data)
    except (OSError, EOFError, zlib.error, ValueError):
        return False
    return isinstance(content, dict) and isinstance(content.get("checkpoint"), dict)


def restore(project: Project, backend: Backend, stack: str) -> str | None:
    """Put the newest readable copy in the place of a state file that cannot be read, and keep the broken one.

    Args:
        project: The project; the broken file goes to `.slipway/broken-state/`.
        backend: Its state backend.
        stack: Name of the stack.

    Returns:
        What was done, or None when the file was fine or there is none.

    Raises:
        EngineError: No copy can be read.
    """
    current = backend.checkpoint(stack)
    if current is None or is_readable(current):
        return None
    copies = backend.earlier_checkpoints(stack)
    good = next((path for path in copies if is_readable(path)), None)
    if good is None:
        raise EngineError(
            f"{project.relative(current)}: the state of {stack} cannot be read, nor any of its {len(copies)} earlier "
            f"copies; what to do: restore the file from a backup of your own, or move it away and run "
            f"`slipway recover -s {stack}`, which takes over what exists"
        )
    aside = project.local_state / "broken-state" / f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{current.name}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    content = good.read_bytes()
    compressed = content.startswith(_GZIP)
    target = current.with_name(f"{stack}.json.gz" if compressed else f"{stack}.json")
    aside.write_bytes(current.read_bytes())
    temporary = target.with_name(f"{target.name}.restoring")
    temporary.write_bytes(content)
    temporary.replace(target)
    if target != current:
        current.unlink()
    written = dt.datetime.fromtimestamp(good.stat().st_mtime, tz=dt.UTC).astimezone()
    return (
        f"the state of {stack} could not be read; went back to the copy of {written:%Y-%m-%d %H:%M:%S %z} "
        f"({project.relative(good)}); the broken file is kept as {project.relative(aside)}"
    )
