"""Runs uv, and says in our words what it says when a dependency cannot be had."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from uv import find_uv_bin

from slipway.core.errors import BadInputError, SlipwayError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Variables that would change what is installed or locked, and so let the result depend on who runs it.
_IGNORED = (
    "UV_BUILD_CONSTRAINT",
    "UV_CONSTRAINT",
    "UV_EXCLUDE",
    "UV_EXCLUDE_NEWER",
    "UV_NO_BINARY",
    "UV_NO_BUILD",
    "UV_OVERRIDE",
    "UV_PRERELEASE",
    "UV_REQUIREMENTS",
    "UV_RESOLUTION",
    "UV_WORKING_DIR",
)


class RegistryError(SlipwayError):
    """The package index, the network or the disk failed; the same command may succeed later."""


# The first that matches wins. `{what}` is what the pattern's group found.
_KNOWN: tuple[tuple[str, type[SlipwayError], str], ...] = (
    (
        r"Hash mismatch for `(?P<what>[^`]+)`",
        BadInputError,
        (
            "{what}: the index serves other bytes than the lock file names; if the lock file is right, do not "
            "install it, else run `slipway lock {function}`"
        ),
    ),
    (
        r"(?P<what>[\w.\[\]-]+==\S+) has no wheels with a matching (?:Python|platform|ABI|implementation)",
        BadInputError,
        "{what} has no wheel for {target}; pick a version that has one, or another runtime or architecture",
    ),
    (
        r"(?P<what>[\w.\[\]-]+==\S+) has no usable wheels",
        BadInputError,
        (
            "{what} is published as source only, which would be built differently on each machine; pick a version "
            "with a wheel, or publish a wheel of it on your own index"
        ),
    ),
    (
        r"there is no version of (?P<what>\S+)",
        BadInputError,
        "the index has no {what}; run `slipway lock {function}`, or check uv's index settings",
    ),
    (
        r"Because (?P<what>\S+) was not found in the package registry",
        BadInputError,
        "the index has no package {what}; check its name and uv's index settings",
    ),
    (
        r"No solution found.*?cause: (?P<what>.+?)(?:\n\n|\Z)",
        BadInputError,
        "its requirements contradict each other: {what}",
    ),
    (
        r"(?:Failed to parse|Couldn't parse requirement in|Expected one of) (?P<what>.+?)\n",
        BadInputError,
        "a requirement cannot be read: {what}",
    ),
    (
        r"[Nn]o space left on device|Disk quota exceeded|File too large",
        RegistryError,
        "no space left to install dependencies; free some, or name other folders by SLIPWAY_CACHE_DIR and UV_CACHE_DIR",
    ),
    (
        (
            r"Network connectivity is disabled|dns error|error sending request|[Cc]onnection (?:refused|reset)|"
            r"timed out|HTTP status server error|certificate"
        ),
        RegistryError,
        (
            "the package index cannot be reached and what is needed is not in uv's cache; check the network, "
            "proxies and uv's index settings, then run the same command again"
        ),
    ),
    (
        r"HTTP status client error \((?P<what>[^)]+)\)|\b(?P<code>401|403) ",
        RegistryError,
        "the package index refused: {what}; check its credentials in uv's settings",
    ),
)


def run_uv(arguments: Sequence[str | Path], *, cwd: Path, function: str, target: str) -> list[str]:
    """Run uv to its end.

    Args:
        arguments: What follows `uv`.
        cwd: Working directory; uv's project configuration is looked for there.
        function: Name of the function for messages.
        target: The platform in words, for messages.

    Returns:
        What uv warned about, one line each.

    Raises:
        BadInputError: The requirements cannot be met as they are.
        RegistryError: The index, the network or the disk failed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _IGNORED}
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    command = [find_uv_bin(), *(os.fspath(word) for word in arguments), "--no-progress", "--color", "never"]
    command += ["--python", sys.executable]  # uv only asks it about itself; what is installed is for the target
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise explain(done.stderr or done.stdout, function=function, target=target)
    return [line.partition(": ")[2] for line in done.stderr.splitlines() if line.startswith("warning: ")]


def explain(output: str, *, function: str, target: str) -> SlipwayError:
    """The error that uv's output means; an unknown one keeps uv's own words."""
    text = _without_secrets(output)
    for pattern, kind, message in _KNOWN:
        if found := re.search(pattern, text, re.DOTALL):
            groups = found.groupdict()
            what = " ".join((groups.get("what") or groups.get("code") or "").split()).rstrip(".,")
            said = message.format(what=what, function=function, target=target)
            return kind(f"function {function!r}: {said}")
    kept = [line for line in text.splitlines() if line.strip() and not line.startswith(("Using ", "Resolved "))]
    return RegistryError(f"function {function!r}: uv failed: {' '.join(' '.join(kept).split())[:600]}")


def _without_secrets(text: str) -> str:
    # An index's address may hold a password.
    return re.sub(r"(://)[^/@\s]+@", r"\1***@", text)
