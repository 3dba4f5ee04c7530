"""What Slipway remembers of an environment on this machine between runs, beside the engine's own state."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING

from slipway.engine.diagnose import files_of

if TYPE_CHECKING:
    from pathlib import Path

    from slipway.core.project import Project


@dataclasses.dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of an environment.

    Attributes:
        instance: Instance of the embedded AWS that the last run went to; None for the real AWS.
        unclean: Whether the last run did not end well, so that state and reality may differ.
    """

    instance: str | None = None
    unclean: bool = False


def recall(project: Project, environment: str) -> Memory:
    """What is remembered; nothing when the file is missing or cannot be read."""
    try:
        content = json.loads(_file(project, environment).read_text(encoding="utf-8"))
        return Memory(instance=content.get("instance"), unclean=bool(content.get("unclean")))
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, AttributeError):
        # Half-written: nobody knows what was under way.
        return Memory(unclean=True)


def remember(project: Project, environment: str, memory: Memory) -> None:
    """Replace what is remembered, in one step.

    Raises:
        EngineError: It cannot be written.
    """
    file = _file(project, environment)
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    with files_of(environment):
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(dataclasses.asdict(memory)), encoding="utf-8")
        temporary.replace(file)


def _file(project: Project, environment: str) -> Path:
    return project.local_state / f"state-of-{environment}"
