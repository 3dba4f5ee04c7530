"""Asks git: names go in and out as bytes with NULs between them, so that they may hold anything else."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def command(root: Path, *words: str) -> list[str]:
    """The command line of git in a folder."""
    return ["git", "-C", os.fspath(root), *words]


def git(root: Path, *words: str, given: str | None = None, env: Mapping[str, str] | None = None) -> str | None:
    """What a git command prints; None if it fails or there is no git.

    Args:
        root: Folder that it works in.
        words: Subcommand and arguments.
        given: What it reads; None for nothing.
        env: Environment variables beside those of this process.
    """
    try:
        done = subprocess.run(
            command(root, *words),
            # Asking must not disturb the user's own git, and must never wait for somebody to type.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", **(env or {})},
            input=os.fsencode(given or ""),
            capture_output=True,
            check=False,
        )
    except OSError:
        return None
    return None if done.returncode else os.fsdecode(done.stdout)


def names(output: str) -> list[str]:
    """Names that git printed with `-z`."""
    return output.split("\0")[:-1]
