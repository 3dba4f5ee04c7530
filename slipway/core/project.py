"""Where things lie in a project: the one place that knows its folders."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from slipway.core.errors import BadInputError


@dataclasses.dataclass(frozen=True, slots=True)
class Project:
    """A checkout of a Slipway project.

    Attributes:
        root: Absolute path of the folder that holds `Pulumi.yaml`.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """The project that `start` (default: the working directory) lies in.

        Raises:
            BadInputError: No folder from `start` upwards holds a `Pulumi.yaml`.
        """
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "Pulumi.yaml").is_file():
                return cls(folder)
        raise BadInputError(f"{here}: no Pulumi.yaml here or above; go to a Slipway project or clone one")

    @property
    def functions(self) -> Path:
        """Folder of the developers' functions, one folder each."""
        return self.root / "functions"

    @property
    def shared(self) -> Path:
        """Folder of the modules that functions import as `shared.x`."""
        return self.functions / "shared"

    @property
    def stacks(self) -> Path:
        """Folder of the environments' settings."""
        return self.root / "stacks"

    @property
    def policies(self) -> Path:
        """Folder of the policy pack."""
        return self.root / "policies"

    @property
    def runtime(self) -> Path:
        """Folder of what travels inside artifacts."""
        return self.root / "runtime"

    @property
    def server(self) -> Path:
        """Folder of the lock file of what serves functions in containers."""
        return self.runtime / "server"

    @property
    def local_state(self) -> Path:
        """Git-ignored folder of this checkout's own state: Pulumi's folder backend, the embedded AWS."""
        return self.root / ".slipway"

    @property
    def cluster(self) -> Path:
        """Folder of the embedded cluster; the variable SLIPWAY_CLUSTER_DIR names another one."""
        override = os.environ.get("SLIPWAY_CLUSTER_DIR")
        return Path(override).absolute() if override else self.local_state / "cluster"

    @property
    def kubeconfig(self) -> Path:
        """Access to the embedded cluster, written when it starts."""
        return self.cluster / "kubeconfig"

    def stack_file(self, environment: str) -> Path:
        """The settings file of an environment."""
        return self.stacks / f"Pulumi.{environment}.yaml"

    def relative(self, path: Path) -> str:
        """A path as messages and findings show it: relative to the root, with forward slashes."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.as_posix()
