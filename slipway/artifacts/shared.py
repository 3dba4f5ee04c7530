"""Which files of `functions/shared` travel with a function: what it imports, what those import, and their data."""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PACKAGE = "shared"
_CODE = (".py", ".so")
_STUBS = ".pyi"


def module_of(name: str) -> tuple[str, bool] | None:
    """Dotted name of a file in the shared folder, and whether it is a package's `__init__`; None for data."""
    if not name.endswith(_CODE):
        return None
    *folders, file = name.split("/")
    stem = file.partition(".")[0]
    is_package = stem == "__init__"
    return ".".join([PACKAGE, *folders, *([] if is_package else [stem])]), is_package


@dataclasses.dataclass(frozen=True, slots=True)
class SharedCode:
    """The shared folder, ready to say what a function takes of it.

    Attributes:
        sha256: Name in the folder to hex SHA-256 of the content, of every file that can travel.
        names: Name in the folder to the references (`References.names`) of a Python file.
        dynamic: Names in the folder of Python files that may import any module.
    """

    sha256: Mapping[str, str]
    names: Mapping[str, Iterable[str]]
    dynamic: frozenset[str]
    _modules: Mapping[str, list[str]]
    _data: Mapping[str, list[str]]

    @classmethod
    def of(cls, files: Mapping[str, Mapping[str, Any]]) -> SharedCode:
        """From facts about each file: `sha256`, and for Python files `names` and `dynamic`."""
        modules: dict[str, list[str]] = collections.defaultdict(list)
        packages = {PACKAGE}
        for name in files:
            if found := module_of(name):
                modules[found[0]].append(name)
                parts = found[0].split(".")
                packages.update(".".join(parts[:end]) for end in range(1, len(parts)))
        packages.update(name for name, members in modules.items() if any("__init__." in m for m in members))
        data: dict[str, list[str]] = collections.defaultdict(list)
        for name in files:
            if module_of(name) is None and not name.endswith(_STUBS):
                data[_nearest_package(name, packages)].append(name)
        return cls(
            sha256={name: facts["sha256"] for name, facts in files.items()},
            names={name: facts["names"] for name, facts in files.items() if "names" in facts},
            dynamic=frozenset(name for name, facts in files.items() if facts.get("dynamic")),
            _modules={**{package: [] for package in packages}, **modules},
            _data=data,
        )

    def inside(self, path: str) -> list[str]:
        """Names in the folder of a file, or of all files in a folder, that `includes` of function.yaml names."""
        folder = path.rstrip("/")
        return sorted(name for name in self.sha256 if name == folder or name.startswith(f"{folder}/"))

    def taken(self, names: Iterable[str], *, dynamic: bool) -> list[str]:
        """Names in the folder of all files that a function with these references takes along, sorted."""
        return sorted(self.brought(names, dynamic=dynamic))

    def brought(self, names: Iterable[str], *, dynamic: bool) -> dict[str, str | None]:
        """All files that a function with these references takes along, each with the file that brings it.

        A module brings the `__init__` of each package that it lies in, what those import, and the data files beside it.

        Returns:
            Names in the folder; None where the function itself imports the module.
        """
        wanted = list(self._modules) if dynamic else [module for name in names for module in self._reached(name)]
        todo: collections.deque[tuple[str, str | None]] = collections.deque((module, None) for module in wanted)
        modules: set[str] = set()
        files: dict[str, str | None] = {}
        while todo:
            module, by = todo.popleft()
            if module in modules:
                continue
            modules.add(module)
            parent = module.rpartition(".")[0]
            if parent:
                todo.append((parent, by))
            for file in self._data.get(module, ()):
                files.setdefault(file, by)
            for file in self._modules[module]:
                files[file] = by
                if file in self.dynamic:
                    todo.extend((module, file) for module in self._modules)
                todo.extend((found, file) for name in self.names.get(file, ()) for found in self._reached(name))
        return files

    def _reached(self, name: str) -> list[str]:
        """The modules that a reference names: itself, or the module whose attribute it is, or all of a package."""
        if name.endswith(".*"):
            package = name[:-2]
            inside = [m for m in self._modules if m.rpartition(".")[0] == package]
            return [*inside, *self._reached(package)]
        while name and name not in self._modules:
            name = name.rpartition(".")[0]
        return [name] if name else []


def _nearest_package(name: str, packages: set[str]) -> str:
    folders = name.split("/")[:-1]
    while folders and ".".join([PACKAGE, *folders]) not in packages:
        folders.pop()
    return ".".join([PACKAGE, *folders])
