"""Runs crane, the client of registries, and says in our words what it says when an image cannot be had or pushed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.core.errors import BadInputError, EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ImageRegistryError(EngineError):
    """A registry cannot be reached, or refused."""


class RepositoryMissingError(ImageRegistryError):
    """A registry has no repository of that name."""


class ImageMissingError(BadInputError):
    """An image is not where its reference says."""


# Long enough for a big image on a slow line; a registry that hangs must not hold an update for ever.
_PATIENCE_S = 900
# The first that matches wins.
_KNOWN: tuple[tuple[str, type[BadInputError | EngineError], str], ...] = (
    (
        r"NAME_UNKNOWN|RepositoryNotFound|[Rr]epository .{0,200}(?:does not exist|not found)",
        RepositoryMissingError,
        "the registry has no repository of this name; create it, or check the registry's address in stacks/",
    ),
    (
        r"MANIFEST_UNKNOWN|manifest unknown|404 Not Found|NOT_FOUND",
        ImageMissingError,
        "it does not exist; check its name and digest",
    ),
    (
        r"UNAUTHORIZED|DENIED|\b40[13]\b|[Nn]o basic auth credentials|error getting credentials",
        ImageRegistryError,
        (
            "the registry refuses; sign in (`crane auth login`, `docker login` or a credential helper in docker's "
            "config.json) with a user that may read and push there"
        ),
    ),
    (
        r"server gave HTTP response to HTTPS client",
        ImageRegistryError,
        "the registry speaks plain HTTP, which is used on loopback only; give it a certificate",
    ),
    (r"x509|certificate", ImageRegistryError, "the registry's certificate is not trusted here; install its CA"),
    (
        r"ImageTagAlreadyExists|TAG_INVALID|immutable",
        ImageRegistryError,
        "the registry holds another image under this tag; remove that one",
    ),
    (
        r"TOOMANYREQUESTS|\b429\b",
        ImageRegistryError,
        "the registry asked to slow down; run the same command again later",
    ),
    (
        r"connection refused|no such host|i/o timeout|timed? ?out|connection reset|no route to host|EOF|\b50[0234]\b",
        ImageRegistryError,
        (
            "the registry cannot be reached or failed; see that it runs (the embedded one: `slipway cluster status`), "
            "then run the same command again"
        ),
    ),
    (
        r"no space left on device|[Dd]isk quota exceeded",
        ImageRegistryError,
        "no space left; free some, or set SLIPWAY_CACHE_DIR",
    ),
)


def find_crane() -> Path:
    """The program: beside the Python that runs Slipway, else on PATH.

    Raises:
        EngineError: There is none.
    """
    beside = Path(sys.executable).parent / "crane"
    if beside.is_file() and os.access(beside, os.X_OK):
        return beside
    found = shutil.which("crane")
    if found is None:
        text = "crane, which brings images to registries, is missing; run `slipway toolchain install`, or install it"
        raise EngineError(f"{text} (go-containerregistry) on PATH")
    return Path(found)


def run_crane(arguments: Sequence[str], *, about: str) -> str:
    """Run crane to its end; credentials are those of docker's configuration, loopback is spoken to without TLS.

    Args:
        arguments: What follows `crane`.
        about: The image, for messages.

    Returns:
        What it printed.

    Raises:
        ImageMissingError: The image does not exist.
        ImageRegistryError: The registry cannot be reached, or refused.
        EngineError: There is no crane.
    """
    try:
        done = subprocess.run(
            [find_crane(), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ImageRegistryError(
            f"image {about}: the registry took longer than {_PATIENCE_S / 60:.0f} min; see that it works and run the "
            "same command again"
        ) from error
    if done.returncode:
        raise explain(done.stderr or done.stdout, about=about)
    return done.stdout.strip()


def explain(output: str, *, about: str) -> BadInputError | EngineError:
    """The error that crane's output means; an unknown one keeps crane's own words."""
    text = re.sub(r"(://)[^/@\s]+@", r"\1***@", output)  # an address may hold a password
    for pattern, kind, meaning in _KNOWN:
        if re.search(pattern, text):
            return kind(f"image {about}: {meaning}")
    said = " ".join(line for line in text.splitlines() if line.strip())[-600:]
    return ImageRegistryError(f"image {about}: crane failed: {said}")
