"""The dependencies of a function as one zip, for the target's platform, from a lock file with hashes.

uv installs the wheels; nothing is built from source and nothing is compiled. Then what differs between machines or is
never used on Lambda is left out: `bin/` (scripts with the installer's own path in them), `RECORD`, `INSTALLER`,
`REQUESTED`, `direct_url.json` and uv's own notes, byte code, `.pth` files (read from site-packages only), and the
distributions that only serve outside Lambda (`runtime/lambda-unused.txt`). Metadata, entry points,
licences, data and type information stay.
"""

from __future__ import annotations

import collections
import csv
import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from slipway.artifacts.limits import check_size, dependency_sizes
from slipway.artifacts.lockfile import parse_lock
from slipway.artifacts.store import SCRATCH, writing_to
from slipway.artifacts.uv import run_uv
from slipway.artifacts.zips import ZipWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slipway.artifacts.inputs import PackageInputs
    from slipway.artifacts.store import Store, Stored

NORMALISER_VERSION = 1
"""Raise it, and `inputs.PACKAGER_VERSION`, when the same lock file gives other bytes."""

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# Oldest C library of each runtime: Amazon Linux 2 (glibc 2.26) below Python 3.12, Amazon Linux 2023 (2.34) from there.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_FIRST_ON_AL2023 = (3, 12)
_NOTES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"})
_SERVES_ALONE = "functions-framework"


@dataclasses.dataclass(frozen=True, slots=True)
class Platform:
    """What dependencies are installed for.

    Attributes:
        python: Version of Python, `3.11`.
        machine: `x86_64` or `aarch64`.
        tag: uv's name of the platform.
    """

    python: str
    machine: str
    tag: str

    @classmethod
    def of(cls, runtime: str, architecture: str) -> Platform:
        """The platform of a Lambda runtime (`python3.11`) on an architecture (`x86_64`, `arm64`)."""
        python = runtime.removeprefix("python")
        machine = _MACHINES[architecture]
        new = tuple(map(int, python.split("."))) >= _FIRST_ON_AL2023
        return cls(python, machine, f"{machine}-manylinux_2_34" if new else f"{machine}-manylinux2014")

    def describe(self) -> str:
        """In words, for messages."""
        return f"Python {self.python} on {self.tag}"

    def markers(self) -> dict[str, str]:
        """The environment for requirement markers."""
        return {name: str(value) for name, value in default_environment().items()} | {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


@dataclasses.dataclass(frozen=True, slots=True)
class _Distribution:
    name: str
    version: str
    requires: tuple[Requirement, ...]
    files: Mapping[str, str]


def bundle_digest(inputs: PackageInputs) -> str:
    """Digest (hex SHA-256) of what decides a bundle; functions with the same dependencies share it."""
    platform = Platform.of(inputs.runtime, inputs.architecture)
    decisive = [NORMALISER_VERSION, platform.tag, platform.python, inputs.lock_digest, inputs.roots, inputs.cut]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


def bundle(
    inputs: PackageInputs, *, store: Store, cwd: Path, verify: bool = False, limited: bool = True
) -> Stored | None:
    """The dependencies of a function, from the cache or installed now.

    Args:
        inputs: The function's inputs.
        store: Where bundles are kept.
        cwd: Where uv looks for its configuration: the project's root.
        verify: Read all of a cached bundle to be sure of its bytes.
        limited: Whether Lambda's limit of size holds, which images do not have.

    Returns:
        The bundle, whose facts are `packages` (name to version and bytes) and `warnings`; None without a lock file.

    Raises:
        BadInputError: A dependency cannot be installed as it is locked.
        RegistryError: The index, the network or the disk failed.
        CacheError: The cache folder cannot be written.
    """
    lock = inputs.lock
    if lock is None:
        return None

    def write(path: Path) -> dict[str, Any]:
        return _Install(inputs, lock, store.folder, cwd).write(path, limited=limited)

    return store.get_or_build(bundle_digest(inputs), write, verify=verify)[0]


class _Install:
    def __init__(self, inputs: PackageInputs, lock: Path, folder: Path, cwd: Path) -> None:
        self.inputs = inputs
        self.lock = lock
        self.folder = folder
        self.cwd = cwd
        self.platform = Platform.of(inputs.runtime, inputs.architecture)

    def write(self, path: Path, *, limited: bool) -> dict[str, Any]:
        with writing_to(self.folder), tempfile.TemporaryDirectory(dir=self.folder, prefix=SCRATCH) as scratch:
            target = Path(scratch) / "all"
            # The copy is read by uv and by us, so that a lock file edited meanwhile cannot slip in.
            lock = Path(shutil.copy(self.lock, Path(scratch) / "requirements.txt"))
            warnings = self._uv(lock, target)
            found = sorted(_distributions(target), key=lambda distribution: distribution.name)
            roots, cut = self.inputs.roots, self.inputs.cut
            stay = staying(found, roots=roots, cut=cut, environment=self.platform.markers())
            kept = [distribution for distribution in found if distribution.name in stay]
            owners = _owners(kept)
            self._settle(kept, owners, lock, target)
            sizes = collections.Counter(dict.fromkeys(stay, 0))
            for name, owner in owners.items():
                sizes[owner] += os.stat(f"{target}/{name}").st_size  # noqa: PTH116 - thousands of files
            packages = {d.name: {"version": d.version, "bytes": sizes[d.name]} for d in kept}
            if limited:
                check_size(self.inputs.function, dependency_sizes(packages))
            with ZipWriter(path) as archive:
                for name in sorted(owners):
                    with open(f"{target}/{name}", "rb") as file:  # noqa: PTH123 - thousands of files
                        archive.add(name, file.read())
        return {"packages": packages, "warnings": warnings}

    def _uv(self, requirements: Path, target: Path) -> list[str]:
        words: list[str | Path] = ["pip", "install", "--target", target, "--require-hashes", "--no-deps"]
        words += ["--only-binary", ":all:", "--no-compile-bytecode", "--python-version", self.platform.python]
        words += ["--python-platform", self.platform.tag, "--requirements", requirements]
        return run_uv(words, cwd=self.cwd, function=self.inputs.function, target=self.platform.describe())

    def _settle(self, kept: Iterable[_Distribution], owners: Mapping[str, str], lock: Path, target: Path) -> None:
        """Where two distributions bring the same file with other content, take that of the first by name.

        uv installs in parallel, so which one it left there is chance.
        """
        disputed: dict[str, set[str]] = collections.defaultdict(set)
        for distribution in kept:
            for name, sha256 in distribution.files.items():
                disputed[name].add(sha256)
        by_owner: dict[str, list[str]] = collections.defaultdict(list)
        for name in sorted(name for name, contents in disputed.items() if len(contents) > 1 and name in owners):
            by_owner[owners[name]].append(name)
        for owner, names in by_owner.items():
            alone = target.parent / owner
            requirements = alone.with_suffix(".txt")
            requirements.write_text(parse_lock(lock.read_text(encoding="utf-8")).lines[owner], encoding="utf-8")
            self._uv(requirements, alone)
            for name in names:
                (alone / name).replace(target / name)


def staying(
    found: Iterable[_Distribution],
    *,
    roots: Iterable[str] | None,
    cut: Iterable[str],
    environment: Mapping[str, str],
) -> set[str]:
    """Names of the distributions that a package needs.

    Gone is only what could be reached from the roots and no longer can, once the Functions Framework does not require
    what it needs for serving on its own.

    Args:
        found: All that are installed.
        roots: What the developer and the runtime ask for, as `name` or `name[extra]`; None keeps all.
        cut: Names that the Functions Framework does not need on Lambda.
        environment: The target's environment for markers.
    """
    by_name = {distribution.name: distribution for distribution in found}
    if roots is None:
        return set(by_name)
    starts = [node for root in roots for node in _nodes(Requirement(root))]
    links = {name: distribution.requires for name, distribution in by_name.items()}
    before = _reached(starts, links, environment)
    unneeded = set(cut)
    links[_SERVES_ALONE] = tuple(
        requirement
        for requirement in links.get(_SERVES_ALONE, ())
        if canonicalize_name(requirement.name) not in unneeded
    )
    return set(by_name) - (before - _reached(starts, links, environment))


def _reached(
    starts: Iterable[tuple[str, str]], links: Mapping[str, Iterable[Requirement]], environment: Mapping[str, str]
) -> set[str]:
    """Names that can be reached from distributions given as pairs of name and extra (empty for none)."""
    todo = list(starts)
    seen: set[tuple[str, str]] = set()
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        name, extra = node
        for requirement in links.get(name, ()):
            marker = requirement.marker
            if marker is None or marker.evaluate({**environment, "extra": extra}):
                todo.extend(_nodes(requirement))
    return {name for name, _ in seen}


def _nodes(requirement: Requirement) -> list[tuple[str, str]]:
    name = canonicalize_name(requirement.name)
    return [(name, ""), *((name, extra) for extra in requirement.extras)]


def _distributions(target: Path) -> Iterable[_Distribution]:
    for installed in metadata.distributions(path=[os.fspath(target)]):
        about = installed.metadata  # parsed at each access
        files = {name: digest for name, digest, _ in csv.reader((installed.read_text("RECORD") or "").splitlines())}
        requires = tuple(Requirement(text) for text in about.get_all("Requires-Dist") or ())
        yield _Distribution(canonicalize_name(about["Name"]), about["Version"], requires, files)


def _owners(kept: Iterable[_Distribution]) -> dict[str, str]:
    """Path to name of the distribution that brings it, of all files that travel; the first by name wins."""
    owners: dict[str, str] = {}
    for distribution in kept:
        for name in distribution.files:
            if _stays(name):
                owners.setdefault(name, distribution.name)
    return owners


def _stays(name: str) -> bool:
    folders, _, file = name.rpartition("/")
    top = folders.split("/", maxsplit=1)[0]
    if top in {"bin", ".."} or "__pycache__" in folders.split("/") or file.endswith((".pyc", ".pyo")):
        return False
    if not folders and file.endswith(".pth"):
        return False
    return not (folders.endswith(".dist-info") and "/" not in folders and file in _NOTES)
