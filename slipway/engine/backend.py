"""Where the engine keeps the state of stacks, as far as Slipway has to look at it itself (the folder backend)."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from slipway.core.errors import BadInputError

if TYPE_CHECKING:
    from slipway.core.project import Project

_SUFFIXES = (".json", ".json.gz", ".json.zst")


@dataclasses.dataclass(frozen=True, slots=True)
class Backend:
    """The state backend of a project.

    Attributes:
        url: Its address, as Pulumi takes it.
        project: Name of the Pulumi project, the first folder of a stack's files.
        folder: Folder that holds `.pulumi/` for the folder backend; None for all others.
    """

    url: str
    project: str
    folder: Path | None

    @classmethod
    def of(cls, project: Project) -> Backend:
        """The backend that the engine takes: PULUMI_BACKEND_URL, else `backend.url` in `Pulumi.yaml`.

        Raises:
            BadInputError: `Pulumi.yaml` cannot be read or names no project.
        """
        file = project.root / "Pulumi.yaml"
        try:
            settings: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
            name = str(settings["name"])
            url = os.environ.get("PULUMI_BACKEND_URL") or str((settings.get("backend") or {}).get("url", ""))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise BadInputError(f"Pulumi.yaml: cannot be read as a Pulumi project ({error}); restore it") from error
        folder = None
        if url.startswith("file://"):
            folder = (project.root / Path(url.removeprefix("file://")).expanduser()).resolve()
        return cls(url=url, project=name, folder=folder)

    def prepare(self) -> None:
        """Make the folder of the folder backend, which the engine wants to exist."""
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)

    def checkpoint(self, stack: str) -> Path | None:
        """The stack's checkpoint file, the newest if there are several encodings; None if there is none."""
        if self.folder is None:
            return None
        base = self.folder / ".pulumi" / "stacks" / self.project
        found = [path for suffix in _SUFFIXES if (path := base / f"{stack}{suffix}").is_file()]
        return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)

    def earlier_checkpoints(self, stack: str) -> list[Path]:
        """Every older copy of the stack's checkpoint that the engine keeps, the newest first."""
        if self.folder is None:
            return []
        home = self.folder / ".pulumi"
        found = [
            *(home / "stacks" / self.project).glob(f"{stack}.json*.bak"),
            *(home / "history" / self.project / stack).glob(f"{stack}-*.checkpoint.json*"),
            *(home / "backups" / self.project / stack).glob(f"{stack}.*.json*"),
        ]
        files = [path for path in found if path.is_file() and path.suffix != ".attrs"]
        return sorted(files, key=lambda path: path.stat().st_mtime_ns, reverse=True)

    def locks(self, stack: str) -> list[Path]:
        """The lock files of the stack."""
        if self.folder is None:
            return []
        folder = self.folder / ".pulumi" / "locks" / "organization" / self.project / stack
        return sorted(folder.glob("*.json"))
