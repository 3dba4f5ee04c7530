"""What Slipway remembers of an environment on this machine between runs, beside the engine's own state."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING, Any

from slipway.engine.diagnose import files_of

if TYPE_CHECKING:
    from pathlib import Path

    from slipway.core.project import Project


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """Which embedded platforms an environment is on; another id than before means that what was deployed is gone.

    Attributes:
        aws: Instance of the embedded AWS; None for the real AWS, or for none.
        cluster: Instance of the embedded cluster; None for a cluster of its own, or for none.
    """

    aws: str | None = None
    cluster: str | None = None

    def new_since(self, before: Instances) -> list[str]:
        """Names of the platforms that are others than before; what was not used before is not among them."""
        return [
            title
            for title, now, then in (
                ("the embedded AWS", self.aws, before.aws),
                ("the embedded cluster", self.cluster, before.cluster),
            )
            if now is not None and then is not None and now != then
        ]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of an environment.

    Attributes:
        instances: The embedded platforms that the last run went to.
        unclean: Whether the last run did not end well, so that state and reality may differ.
    """

    instances: Instances = Instances()
    unclean: bool = False


def recall(project: Project, environment: str) -> Memory:
    """What is remembered; nothing when the file is missing or cannot be read."""
    try:
        content: dict[str, Any] = json.loads(_file(project, environment).read_text(encoding="utf-8"))
        instances = Instances(**(content.get("instances") or {}))
        return Memory(instances=instances, unclean=bool(content.get("unclean")))
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, TypeError, AttributeError):
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
