"""What a running embedded AWS writes down about itself, so that later commands find it and only it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import psutil

SERVICE = "slipway embedded AWS"
"""How the API port introduces itself."""
ALREADY_RUNNING = 75
"""Exit status of a daemon that found another one at work for its checkout."""
_FILE = "daemon.json"


def _code() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


CODE = _code()
"""Digest of the embedded AWS's own code, as this process was started from it."""
_CLOCK_S = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A daemon process.

    Attributes:
        pid: Its process id.
        created: When it started, Unix seconds; with the pid it names one process for ever.
        instance: Id of the AWS that it embeds: another one means that what was deployed is gone.
        state: The folder of its checkout.
        api_url: Address of all AWS services.
        entry_url: Address of the HTTP entry.
        code: `CODE` of the process: another one is older than this checkout, and is replaced at the next start.
    """

    pid: int
    created: float
    instance: str
    state: str
    api_url: str
    entry_url: str
    code: str

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Any) -> Record | None:
        """A record from JSON values; None when they are something else."""
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(values, dict) or not names - {"code"} <= set(values):
            return None
        values = {"code": "", **values}  # records of the first version did not have it
        return cls(**{name: values[name] for name in names})

    def process(self) -> psutil.Process | None:
        """The living process, or None when it ended, even if its pid was given to a stranger."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < _CLOCK_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


def read(state: Path) -> Record | None:
    """The record in a state folder; None when there is none or it is damaged."""
    try:
        return Record.from_json(json.loads((state / _FILE).read_text("utf-8")))
    except (OSError, ValueError):
        return None


def write(state: Path, record: Record) -> None:
    """Write a record so that readers see all of it or nothing."""
    scratch = state / f"{_FILE}.{record.pid}"
    scratch.write_text(json.dumps(record.to_json(), indent=1) + "\n", "utf-8")
    scratch.replace(state / _FILE)


def remove(state: Path, pid: int) -> None:
    """Remove the record of a process; another process's record stays."""
    found = read(state)
    if found is not None and found.pid == pid:
        (state / _FILE).unlink(missing_ok=True)
