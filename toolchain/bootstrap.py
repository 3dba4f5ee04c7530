"""Makes the virtual environment of a checkout. Runs before any package is there: standard library only.

Usage: python3 toolchain/bootstrap.py CHECKOUT

The stamp in .venv holds a digest of all that the environment is made from. It is removed before anything is changed and
written last, so that an interrupted run is seen and started afresh by the next one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STAMP = ".slipway-setup"
_PYTHON = getattr(sys, "_base_executable", sys.executable)
"""The interpreter itself, even when this runs in the very environment that it is about to remake."""

_INPUTS = ("requirements.lock", "pyproject.toml")
_PIP_TO_UV = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "cert": "SSL_CERT_FILE"}
"""Settings of pip that uv does not read itself, and the variables by which it takes them."""


def main(root: Path) -> int:
    """Bring `.venv` of the checkout in line with its lock file; returns the exit status."""
    wanted = key(root)
    stamp = root / ".venv" / STAMP
    if _matches(stamp, wanted):
        return 0
    with _locked(root):
        if _matches(stamp, wanted):
            return 0
        try:
            _make(root, stamp)
        except subprocess.CalledProcessError as error:
            _say(f"`{' '.join(map(str, error.cmd[:4]))} ...` failed with status {error.returncode}, see above")
            _say("check the network, your package mirror and the free disk space, then run the same command again")
            return 3
        except OSError as error:
            _say(f"{error.filename or root}: {error.strerror}; mend it and run the same command again")
            return 3
        stamp.write_text(wanted, encoding="utf-8")
    return 0


def key(root: Path) -> str:
    """Digest of what the environment is made from; scripts hold absolute paths, so the place counts too."""
    digest = hashlib.sha256(str(root).encode())
    for name in _INPUTS:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def requirement(lock: str, name: str) -> str:
    """The lines of one package in a lock file with hashes."""
    match = re.search(rf"^{re.escape(name)}==.*(?:\n    --hash=.*)*", lock, re.MULTILINE)
    if match is None:
        raise SystemExit(f"setup: requirements.lock does not list {name}; run `make lock` on a machine that has .venv")
    return match[0] + "\n"


def _make(root: Path, stamp: Path) -> None:
    folder = root / ".venv"
    python = folder / "bin" / "python"
    lock = root / "requirements.lock"
    _say("installing the locked Python packages into .venv, about a minute the first time")
    usable = stamp.exists() and _runs(python)
    stamp.unlink(missing_ok=True)
    found = shutil.which("uv")
    if not usable:
        shutil.rmtree(folder, ignore_errors=True)
        if _has_venv():
            _run([_PYTHON, "-m", "venv", folder])
        elif found:
            _run([found, "venv", "--quiet", "--seed", "--python", _PYTHON, folder])
    uv = folder / "bin" / "uv"
    if not usable or not uv.exists():
        first = folder / "uv-requirement.txt"
        first.write_text(requirement(lock.read_text(encoding="utf-8"), "uv"), encoding="utf-8")
        _run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", first]
        )
    env = {**os.environ, **uv_settings(python)}
    install = [uv, "pip", "install", "--quiet", "--python", python]
    _run([*install, "--compile-bytecode", "--require-hashes", "-r", lock], env)
    _run([*install, "--no-deps", "--no-build-isolation", "--editable", root], env)


def uv_settings(python: Path) -> dict[str, str]:
    """What pip's configuration says about package mirrors, for uv; what uv was told itself stays."""
    answer = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    settings = {}
    for line in answer.stdout.splitlines():
        name, _, value = line.partition("=")
        variable = _PIP_TO_UV.get(name.rpartition(".")[2])
        if variable and variable not in os.environ:
            settings[variable] = value.strip("'\"")
    return settings


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    path = root / ".slipway" / "setup.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another setup of this checkout to finish")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _matches(stamp: Path, wanted: str) -> bool:
    try:
        return stamp.read_text(encoding="utf-8") == wanted and _runs(stamp.parent / "bin" / "python")
    except OSError:
        return False


def _runs(command: Path) -> bool:
    try:
        return subprocess.run([command, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _has_venv() -> bool:
    return subprocess.run([_PYTHON, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode == 0


def _run(command: list[object], env: dict[str, str] | None = None) -> None:
    subprocess.run([str(part) for part in command], check=True, env=env, stdin=subprocess.DEVNULL)


def _say(message: str) -> None:
    sys.stderr.write(f"setup: {message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
