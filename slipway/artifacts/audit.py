"""Asks a database of known vulnerabilities about what lock files pin, by pip-audit.

What the database could not be asked about is told as not checked: pip-audit itself calls a distribution that the
database does not have "skipped", and then ends as if all was well.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from slipway.artifacts.failures import workers
from slipway.artifacts.lockfile import parse_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from slipway.artifacts.locking import Target
    from slipway.core.project import Project

PROGRAM = (sys.executable, "-m", "pip_audit")
"""pip-audit; which database it asks say its own variables `PIP_AUDIT_VULNERABILITY_SERVICE` and `PIP_AUDIT_OSV_URL`."""
_TIMEOUT_S = 15
_ANSWERED = (0, 1)  # one where something is known
_LONGEST = 200  # characters of a reason


@dataclasses.dataclass(frozen=True, slots=True)
class Vulnerability:
    """A known vulnerability of a pinned distribution.

    Attributes:
        name: Name of the distribution.
        version: The version that is pinned.
        id: What the database calls it.
        aliases: What others call it.
        fixed: Versions without it.
    """

    name: str
    version: str
    id: str
    aliases: tuple[str, ...]
    fixed: tuple[str, ...]

    def render(self) -> str:
        """In one line."""
        also = f" ({', '.join(self.aliases)})" if self.aliases else ""
        return f"{self.name} {self.version}: {self.id}{also}, fixed in {' or '.join(self.fixed) or 'no version'}"


@dataclasses.dataclass(frozen=True, slots=True)
class Audit:
    """What is known about a lock file.

    Attributes:
        target: The lock file.
        checked: Names that the database was asked about.
        unchecked: Names that it was not asked about, each with the reason.
        found: What is known.
    """

    target: Target
    checked: frozenset[str]
    unchecked: Mapping[str, str]
    found: tuple[Vulnerability, ...]


def audit_all(project: Project, targets: Iterable[Target]) -> list[Audit]:
    """Ask about several lock files at a time, in their order."""
    with workers() as pool:
        return list(pool.map(lambda target: audit(project, target), targets))


def audit(project: Project, target: Target) -> Audit:
    """Ask about one lock file; what goes wrong is a reason why nothing in it was checked."""
    try:
        pinned = parse_lock(target.lock.read_text(encoding="utf-8")).names
    except (OSError, UnicodeDecodeError):
        where = project.relative(target.lock)
        return Audit(target, frozenset(), {target.name: f"{where} cannot be read; run `slipway lock`"}, ())
    answer = _asked(project.root, target.lock)
    if isinstance(answer, str):
        return Audit(target, frozenset(), dict.fromkeys(sorted(pinned), answer), ())
    told: dict[str, dict[str, Any]] = {canonicalize_name(one["name"]): one for one in answer}
    checked = {name for name, one in told.items() if "skip_reason" not in one}
    unchecked = {
        name: str(told[name]["skip_reason"]) if name in told else "its marker leaves it out on this machine"
        for name in sorted(pinned - checked)
    }
    found = [
        Vulnerability(name, one["version"], known["id"], tuple(known["aliases"]), tuple(known["fix_versions"]))
        for name, one in sorted(told.items())
        for known in one.get("vulns", ())
    ]
    return Audit(target, frozenset(checked), unchecked, tuple(found))


def _asked(root: Path, lock: Path) -> list[dict[str, Any]] | str:
    """What pip-audit says of each distribution, or why it says nothing."""
    words = [*PROGRAM, "--requirement", str(lock), "--require-hashes", "--disable-pip", "--timeout", str(_TIMEOUT_S)]
    words += ["--format", "json", "--progress-spinner", "off", "--desc", "off"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False, env=dict(os.environ))
    if done.returncode in _ANSWERED:
        try:
            answer: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError, TypeError):
            pass
        else:
            return answer
    said = done.stderr.strip().splitlines()
    reason = said[-1].strip() if said else f"pip-audit ended with status {done.returncode}"
    return f"the database cannot be asked: {reason[:_LONGEST]}"
