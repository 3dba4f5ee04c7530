"""The interpreters that functions run in: one virtual environment for each Python version, with locked contents."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock
from uv import find_uv_bin

from toolchain.embedded_aws.errors import EmbeddedAwsError

REQUIREMENTS = Path(__file__).with_name("runner-requirements.txt")
_READY = ".slipway-ready"
_BUILD_TIMEOUT_S = 300
_INSTALL_OPTIONS = ("--require-hashes", "--only-binary", ":all:", "--compile-bytecode")


def interpreter(runtime: str, cache: Path) -> Path:
    """The Python executable that functions of a runtime run in; its environment is made at first use.

    It holds what AWS's managed runtime holds beside the function: the runtime client and boto3, at locked versions.

    Args:
        runtime: Lambda's name of the runtime, for example `python3.11`.
        cache: The user's cache folder; the result lies in `runner/<digest>`.

    Raises:
        EmbeddedAwsError: The runtime is not Python, the machine lacks that Python, or the packages cannot be had.
    """
    version = runtime.removeprefix("python")
    if version == runtime:
        raise EmbeddedAwsError(f"runtime {runtime} cannot be run by the embedded AWS; it runs python3.11 and later")
    base = _find_python(version)
    folder = cache / "runner" / _digest(version, base)
    python = folder / "bin" / "python"
    if (folder / _READY).exists() and python.exists():
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock"), timeout=_BUILD_TIMEOUT_S):
        if not ((folder / _READY).exists() and python.exists()):
            _build(base, folder)
    return python


def _digest(version: str, base: str) -> str:
    parts = (REQUIREMENTS.read_bytes(), version.encode(), base.encode(), platform.platform().encode())
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:32]


def _find_python(version: str) -> str:
    own = Path(sys.base_prefix) / "bin" / f"python{version}"
    if version == f"{sys.version_info.major}.{sys.version_info.minor}" and own.exists():
        return str(own)
    environment = {**os.environ, "PATH": _search_path(version)}
    found = _run([find_uv_bin(), "python", "find", "--no-project", "--no-python-downloads", version], environment)
    if found.returncode != 0:
        raise EmbeddedAwsError(
            f"a function needs python{version}, which this machine lacks; install it (for example "
            f"`uv python install {version}` or `apt-get install python{version}`) or choose "
            f"`runtime: python{sys.version_info.major}.{sys.version_info.minor}` in its function.yaml"
        )
    return found.stdout.strip()


def _search_path(version: str) -> str:
    """PATH without pyenv's shims, which answer only for activated versions, and with pyenv's own installations."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    parts = [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(part).name != "shims"]
    installed = sorted(pyenv.glob(f"versions/{version}.*/bin"))
    return os.pathsep.join([*parts, *map(str, installed)])


def _build(base: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    uv = find_uv_bin()
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    steps = (
        [uv, "venv", "--no-project", "--python", base, str(folder)],
        [uv, "pip", "install", *_INSTALL_OPTIONS, "--python", str(folder / "bin" / "python"), "-r", str(REQUIREMENTS)],
    )
    for step in steps:
        result = _run(step, environment)
        if result.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            raise EmbeddedAwsError(
                f"the interpreter for functions could not be made in {folder}: {result.stderr.strip()[-2000:]}; "
                f"check the package index and the disk, then try again"
            )
    (folder / _READY).touch()


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_BUILD_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EmbeddedAwsError(
            f"`{' '.join(command[:3])}` did not end within {_BUILD_TIMEOUT_S} s; check the package index and try again"
        ) from error
