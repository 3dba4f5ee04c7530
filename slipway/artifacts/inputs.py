"""What goes into a function's package, and the digest of all of it, known without building anything.

The digest covers the bytes and names of the function's files, of the shared modules that it imports and of the runtime
adapter, what the lock file pins, the runtime, the architecture, and the version of the packager itself. Nothing else:
not the path of the checkout, git, the machine, the user, modes or times.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

from slipway.artifacts import tree as trees
from slipway.artifacts.content import as_mistakes, function_facts, mistake, plain_facts, shared_facts
from slipway.artifacts.dependencies import Dependencies, Locked
from slipway.artifacts.facts import FactsCache
from slipway.artifacts.shared import PACKAGE, SharedCode, module_of
from slipway.core.errors import BadInputError
from slipway.core.findings import in_order
from slipway.core.paths import cache_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from slipway.core.findings import Finding
    from slipway.core.project import Project

PACKAGER_VERSION = 2
"""Raise it when the same inputs give other bytes: it is part of every digest."""
ADAPTER = "slipway_runtime"
"""Folder of the runtime adapter, in `runtime/` and in packages."""
SBOM = "sbom.cdx.json"
"""File at the root of packages, and of functions' folders in images, that says what is in them."""
CONTAINERFILES = ("Containerfile", "Dockerfile")
"""Files in a function's folder that say how its image is built; the first that is there counts."""
PROGRAM_RUNTIME = "python3.11"
"""What programs of Slipway's own run on: the embedded cluster brings a base image for it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """Files of one origin.

    Attributes:
        root: Absolute path of the folder that they lie in.
        names: Their names in that folder, with forward slashes.
        prefix: What stands before these names in the package: empty, or a folder with a slash.
        digest: `tree.listing_digest` of names in the package and contents.
    """

    root: str
    names: Sequence[str]
    prefix: str
    digest: str

    @property
    def files(self) -> dict[str, str]:
        """Name in the package to absolute path, sorted by name."""
        return {self.prefix + name: f"{self.root}/{name}" for name in sorted(self.names)}


@dataclasses.dataclass(frozen=True, slots=True)
class PackageInputs:
    """Everything that decides a package.

    Attributes:
        function: Name of the function.
        digest: Hex SHA-256 of all inputs; the same digest means the same package, byte for byte.
        sections: The files, by origin: `function`, `shared`, `runtime`.
        runtime: `python3.11`, ...
        architecture: `x86_64` or `arm64`.
        lock: The lock file that its dependencies come from, or None if it has none.
        lock_digest: `Lock.digest` of it, or the empty string.
        roots: What the developer and the runtime ask for (`Locked.roots`).
        cut: What the Functions Framework does not need on Lambda (`Locked.cut`).
        paths: What decides it, for git, relative to the project with forward slashes; a folder ends with a slash, and
            in it only what `tree.travels` counts.
    """

    function: str
    digest: str
    sections: Mapping[str, Section]
    runtime: str
    architecture: str
    lock: Path | None
    lock_digest: str
    roots: tuple[str, ...] | None
    cut: tuple[str, ...]
    paths: tuple[str, ...]

    @property
    def files(self) -> dict[str, str]:
        """Name in the package to absolute path of every file but the dependencies', sorted by name."""
        merged = {name: path for section in self.sections.values() for name, path in section.files.items()}
        return dict(sorted(merged.items()))


@dataclasses.dataclass(frozen=True, slots=True)
class ContainerInputs:
    """Everything that decides an image which a Containerfile describes.

    Attributes:
        function: Name of the function.
        digest: Hex SHA-256 of all files that the build sees.
        section: Those of the function's folder.
        shared: Those of the shared folder that function.yaml includes.
        containerfile: Name of the file that says how.
        architecture: `x86_64` or `arm64`.
        paths: As in `PackageInputs`.
    """

    function: str
    digest: str
    section: Section
    shared: Section
    containerfile: str
    architecture: str
    paths: tuple[str, ...]

    @property
    def files(self) -> dict[str, str]:
        """Name in the build to absolute path of every file, sorted by name."""
        return dict(sorted({**self.section.files, **self.shared.files}.items()))


def collect(directory: Path, *, project: Project, runtime: str, architecture: str, plain: bool) -> PackageInputs:
    """The inputs of one function's package; for many functions, use one `Collector`, which reads shared files once.

    Args:
        directory: The function's folder.
        project: The project that it belongs to.
        runtime: `python3.11`, ...
        architecture: `x86_64` or `arm64`.
        plain: Whether it is a plain `handler(event, context)`, which needs no runtime adapter.

    Raises:
        BadInputError: Files cannot be packaged; all of them are named.
    """
    collector = Collector(project)
    inputs = collector.collect(directory, runtime=runtime, architecture=architecture, plain=plain)
    collector.save()
    return inputs


def container_paths(functions: str, name: str, includes: Iterable[str] = ()) -> tuple[str, ...]:
    """What decides an image that is not a package, for git, as in `PackageInputs.paths`.

    Args:
        functions: The folder of functions, relative to the project.
        name: Name of the function.
        includes: Those of function.yaml, each a file or a folder.
    """
    shared = (f"{functions}/{PACKAGE}/{path.rstrip('/')}" for path in includes)
    return (f"{functions}/{name}/", *(f"{path}{end}" for path in shared for end in ("", "/")))


_NOTHING = Section("", (), "", trees.listing_digest([]))


class Collector:
    """Collects the inputs of many functions: looks at shared folders once, and does not read what is unchanged.

    It takes the project as it is when first asked, so keep one only for the length of a command.

    Args:
        project: The project.
        cache: The user's cache folder; None takes `slipway.core.paths.cache_dir()`.
        beside: A collector of another state of the same project, whose knowledge of folders is used; do not save then.
    """

    def __init__(self, project: Project, cache: Path | None = None, *, beside: Collector | None = None) -> None:
        version = f"{PACKAGER_VERSION}-{sys.version_info.major}.{sys.version_info.minor}"
        self._project = project
        self.facts: FactsCache = (
            beside.facts if beside else FactsCache(cache or cache_dir(), project.root, version=version)
        )
        self._dependencies = Dependencies(project)
        self._functions = project.relative(project.functions)

    def collect(
        self, directory: Path, *, runtime: str, architecture: str, plain: bool, includes: Sequence[str] = ()
    ) -> PackageInputs:
        """Like the function `collect`; `includes` are those of function.yaml."""
        name = directory.name
        prefix = f"{self._functions}/{name}"
        tree, facts, problems = self._folder(directory, prefix, function=name)
        problems += self._clashes(tree, prefix, name, plain=plain)
        shared, shared_problems = self._shared(facts, includes, name)
        sections = {"function": Section(tree.root, tree.names, "", facts["digest"]), "shared": shared}
        problems += shared_problems
        paths = [f"{prefix}/", *(f"{self._functions}/{PACKAGE}/{file}" for file in shared.names)]
        if not plain:
            sections["runtime"], adapter_problems = self._adapter
            problems += adapter_problems
            paths.append(self._project.relative(self._project.runtime / ADAPTER) + "/")
        locked = self._dependencies.of(directory, tree, facts, plain=plain)
        problems += locked.problems
        if problems:
            found = in_order(problems)
            raise BadInputError(f"function {name!r} cannot be packaged: {len(found)} mistake(s)", found)
        if locked.lock is not None:
            own = locked.lock.parent == directory
            paths.append(f"{prefix}/{locked.lock.name}" if own else self._project.relative(locked.lock))
        decisive = [PACKAGER_VERSION, runtime, architecture, locked.digest, locked.roots, locked.cut]
        decisive += [(kind, section.digest) for kind, section in sections.items()]
        return PackageInputs(
            function=name,
            digest=hashlib.sha256(repr(decisive).encode()).hexdigest(),
            sections=sections,
            runtime=runtime,
            architecture=architecture,
            lock=locked.lock,
            lock_digest=locked.digest,
            roots=locked.roots,
            cut=locked.cut,
            paths=tuple(paths),
        )

    def brought(self, directory: Path) -> dict[str, str | None]:
        """What a function takes of the shared folder, by `SharedCode.brought`; nothing where that cannot be told."""
        _, facts, _ = self._folder(directory, f"{self._functions}/{directory.name}", function=directory.name)
        if not facts.get("names") and not facts.get("dynamic"):
            return {}
        return self._shared_code[1].brought(facts["names"], dynamic=facts["dynamic"])

    def container(self, directory: Path, *, architecture: str, includes: Sequence[str] = ()) -> ContainerInputs:
        """The inputs of a function with a Containerfile: its folder, requirement files too, and what it includes.

        Raises:
            BadInputError: There is no Containerfile, or files cannot be given to a build; all of them are named.
        """
        name = directory.name
        prefix = f"{self._functions}/{name}"
        section, problems = self._plain_folder(directory, prefix)
        shared, shared_problems = self._shared({}, includes, name)
        problems += shared_problems
        if includes and (clash := next((file for file in section.names if file.split("/")[0] == PACKAGE), None)):
            message = "takes the place of functions/shared in the build"
            problems.append(mistake(f"{prefix}/{clash}", "reserved-name", message, "rename it", name))
        found = next((file for file in CONTAINERFILES if file in section.names), None)
        if found is None and not problems:
            where, remedy = f"{prefix}/{CONTAINERFILES[0]}", "add one, or name an image by digest in function.yaml"
            problems.append(mistake(where, "no-containerfile", "does not exist", remedy, name))
        if found is None or problems:
            raise BadInputError(f"function {name!r} cannot be built: {len(problems)} mistake(s)", in_order(problems))
        decisive = [PACKAGER_VERSION, architecture, section.digest, *([shared.digest] if includes else [])]
        digest = hashlib.sha256(repr(decisive).encode()).hexdigest()
        paths = container_paths(self._functions, name, includes)
        return ContainerInputs(name, digest, section, shared, found, architecture, paths)

    def program(self, name: str, package: str, *, architecture: str, plain: bool = False) -> PackageInputs:
        """The inputs of a program of Slipway's own: a Python package in `runtime/`.

        Args:
            name: Name that stands where a function's would.
            package: The package, a folder in `runtime/`.
            architecture: `x86_64` or `arm64`.
            plain: Whether it needs neither the runtime adapter nor what that depends on.

        Raises:
            BadInputError: Files are missing or cannot be read; all of them are named.
        """
        folder = self._project.runtime / package
        section, problems = self._plain_folder(folder, self._project.relative(folder), prefix=f"{package}/")
        sections = {"program": section}
        locked = Locked()
        if not plain:
            sections["runtime"], adapter_problems = self._adapter
            locked = self._dependencies.of_runtime()
            problems += [*adapter_problems, *locked.problems]
        if problems:
            raise BadInputError(f"{name} cannot be built: {len(problems)} mistake(s)", in_order(problems))
        decisive = [PACKAGER_VERSION, PROGRAM_RUNTIME, architecture, locked.digest]
        decisive += [(kind, part.digest) for kind, part in sections.items()]
        return PackageInputs(
            function=name,
            digest=hashlib.sha256(repr(decisive).encode()).hexdigest(),
            sections=sections,
            runtime=PROGRAM_RUNTIME,
            architecture=architecture,
            lock=locked.lock,
            lock_digest=locked.digest,
            roots=locked.roots,
            cut=(),
            paths=(f"{self._project.relative(folder)}/",),
        )

    def save(self) -> None:
        """Keep what was found for the next run."""
        root = os.fspath(self._project.root)
        self.facts.save(lambda folder: os.path.isdir(f"{root}/{folder}"))  # noqa: PTH112 - asked for every function

    def _folder(
        self, directory: Path, prefix: str, *, function: str
    ) -> tuple[trees.Tree, dict[str, Any], list[Finding]]:
        if not _is_folder(directory):
            message, remedy = "is not a folder", "put the function's files into a folder of that name"
            return trees.Tree(), {"digest": ""}, [mistake(prefix, "not-a-folder", message, remedy, function)]
        tree = trees.scan(directory)
        find = functools.partial(function_facts, tree)
        facts = find() if tree.problems else self.facts.get(prefix, tree, find)
        found = trees.as_findings(tree, prefix=prefix, function=function) if tree.problems else []
        found += as_mistakes(facts, prefix=prefix, function=function)
        if not tree.names:
            found.append(mistake(prefix, "empty-function", "has no file to package", "add its code", function))
        return tree, facts, found

    def _clashes(self, tree: trees.Tree, prefix: str, function: str, *, plain: bool) -> list[Finding]:
        """Own files that would lie where others come to lie."""
        reserved = {PACKAGE: "functions/shared"} if self._has_shared else {}
        reserved[SBOM] = "the bill of materials"
        if not plain:
            reserved[ADAPTER] = "the runtime adapter"
        return [
            mistake(
                f"{prefix}/{found}", "reserved-name", f"takes the place of {what} in the package", "rename it", function
            )
            for name, what in reserved.items()
            for found in (f"{name}.py", name)
            if any(file == found or file.startswith(f"{found}/") for file in tree.names)
        ]

    @functools.cached_property
    def _has_shared(self) -> bool:
        return self._project.shared.is_dir()

    @functools.cached_property
    def _shared_code(self) -> tuple[trees.Tree, SharedCode, list[Finding]]:
        folder = self._project.shared
        if not self._has_shared:
            return trees.Tree(), SharedCode.of({}), []
        prefix = self._project.relative(folder)
        tree = trees.scan(folder)
        if tree.problems:
            return tree, SharedCode.of({}), trees.as_findings(tree, prefix=prefix, function=None)
        facts = self.facts.get(prefix, tree, functools.partial(shared_facts, tree))
        problems = as_mistakes(facts, prefix=prefix, function=None)
        return tree, SharedCode.of(facts["files"]), problems

    def _shared(
        self, facts: Mapping[str, Any], includes: Sequence[str], function: str
    ) -> tuple[Section, list[Finding]]:
        """What the function takes of the shared folder; mistakes there count only for those that take of it."""
        if not facts.get("names") and not facts.get("dynamic") and not includes:
            return _NOTHING, []
        tree, code, found = self._shared_code
        problems = [*found]
        included: set[str] = set()
        for path in includes:
            inside = code.inside(path)
            included.update(inside)
            if not inside:
                where, message = (
                    f"{self._functions}/{function}/function.yaml",
                    f"includes {path!r}, which holds no file",
                )
                problems.append(mistake(where, "no-include", message, f"name what is in functions/{PACKAGE}", function))
        modules = {module[0] for file in included if (module := module_of(file))}
        names = {*facts.get("names", ()), *modules}
        taken = sorted({*included, *code.taken(names, dynamic=bool(facts.get("dynamic")))})
        contents = [(f"{PACKAGE}/{file}", code.sha256[file]) for file in taken]
        return Section(tree.root, taken, f"{PACKAGE}/", trees.listing_digest(contents)), problems

    @functools.cached_property
    def _adapter(self) -> tuple[Section, list[Finding]]:
        folder = self._project.runtime / ADAPTER
        return self._plain_folder(folder, self._project.relative(folder), prefix=f"{ADAPTER}/")

    def _plain_folder(self, folder: Path, where: str, *, prefix: str = "") -> tuple[Section, list[Finding]]:
        """A folder whose files travel as they are; requirement files in it too."""
        if not _is_folder(folder):
            return _NOTHING, [mistake(where, "missing-folder", "does not exist", "restore it from the repository")]
        tree = trees.scan(folder)
        tree.names.extend(tree.extras)
        if tree.problems:
            return _NOTHING, trees.as_findings(tree, prefix=where, function=None)
        # Under a name of its own: the same folder may be known as that of a function in Python, with other facts.
        facts = self.facts.get(f"{where}/.", tree, functools.partial(plain_facts, tree))
        digest = trees.listing_digest([(prefix + file, sha256) for file, sha256 in facts["sha256"].items()])
        return Section(tree.root, tree.names, prefix, digest), as_mistakes(facts, prefix=where, function=None)


def _is_folder(path: Path) -> bool:
    """Whether it is a folder itself, not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False
