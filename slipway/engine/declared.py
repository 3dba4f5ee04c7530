"""What the program of an environment declares, found by running it without an engine: nothing is looked up."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.core.errors import EngineError
from slipway.deployers.declared import Declared

if TYPE_CHECKING:
    from slipway.core.project import Project

_SAID_LINES = 10


def declared(project: Project, environment: str, partition: str, account: str) -> list[Declared]:
    """Everything that the program registers, with what is known of it before anything exists.

    The program runs in a process of its own, because the SDK keeps what it was told for as long as a process lives.

    Args:
        project: The project.
        environment: Name of the environment.
        partition: Partition of AWS that it is in.
        account: Account of AWS that it is in.

    Raises:
        EngineError: The program failed; the message ends with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="slipway-declared-") as folder:
        found = Path(folder) / "declared.json"
        done = subprocess.run(
            [sys.executable, "-m", "slipway.engine.declaring", environment, str(found), partition, account],
            cwd=project.root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-_SAID_LINES:])
            raise EngineError(f"{environment}: the program cannot be run without an engine:\n{said}")
        return [Declared(**made) for made in json.loads(found.read_text(encoding="utf-8"))]
