"""Compares a project at its base with the project now, as far as something of a function can differ."""

from __future__ import annotations

import collections
import contextlib
import functools
from typing import TYPE_CHECKING

from slipway.artifacts.commits import Index, last_commits
from slipway.artifacts.inputs import container_paths
from slipway.artifacts.shared import PACKAGE
from slipway.changes.checkout import check_out
from slipway.changes.differences import code_reasons
from slipway.changes.settings import Place, program_reasons, setting_reasons
from slipway.changes.state import State
from slipway.changes.touched import listing, shown
from slipway.core.environments import environment_names
from slipway.core.errors import BadInputError, SlipwayError
from slipway.core.project import Project
from slipway.core.validate import MANIFEST, function_folders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from slipway.artifacts.inputs import ContainerInputs, PackageInputs
    from slipway.changes.base import Base
    from slipway.changes.state import Environment
    from slipway.changes.touched import Touched
    from slipway.core.loaded import LoadedFunction

REMOVED = "removed"
"""How the reason starts of a function that is not deployed any more, so that there is nothing of it to build."""
_SHARED = f"functions/{PACKAGE}"
_FOLDERS = ("stacks", "runtime", _SHARED)


class UnreadableBaseError(Exception):
    """The base cannot be read as a project; the message says why, as a clause."""


class Comparison:
    """Two states of a project.

    Args:
        now: The state now.
        environments: The environments that matter, as they are now.
        touched: What was touched in between.
        base: The base, with a commit.
        present: Names of all functions, as they are now.
        scratch: An empty folder that is there as long as the comparison.

    Raises:
        BadInputError: Something is wrong in functions as they are now.
        UnreadableBaseError: Something is wrong at the base.
    """

    def __init__(
        self,
        now: State,
        environments: Mapping[str, Environment],
        touched: Touched,
        base: Base,
        *,
        present: Iterable[str],
        scratch: Path,
    ) -> None:
        self._now, self._environments, self._touched, self._base = now, environments, touched, base
        self._here = set(present)
        self._own = self._touched_folders()
        self._differing = {folder for folder in _FOLDERS if touched.below(f"{folder}/")}
        with _of_the_base():
            self._before = self._take_base(scratch / "tree")
            there = {folder.name for folder in function_folders(self._before.project)}
            self._there = there & self._own | self._here - self._own
            self._old_environments = self._environments_before()
        self._candidates = self._who()
        self._new = now.functions(self._candidates & self._here)
        self._new_inputs = now.inputs(self._new)
        with _of_the_base():
            own = self._before.functions(self._candidates & self._own & self._there)
            same = {name: function for name, function in self._new.items() if name not in self._own}
            self._old = {**own, **same}
            self._old_inputs = self._before.inputs(self._old)

    def reasons(self) -> dict[str, list[str]]:
        """Name to reasons of each function that differs, sorted.

        A reason that does not hold in every environment that deploys the function names those in which it does.
        """
        found = {name: dict(self._in_environments(name)) for name in sorted(self._candidates)}
        self._add_callers(found)
        still = [name for name, places in found.items() if not all(places.values())]
        for name in self._retagged(still):
            for reasons in found[name].values():
                if not reasons:
                    reasons.append("the tag `commit`: commits changed what it is made of, but not what comes of it")
        return {name: merged for name, places in sorted(found.items()) if (merged := _merged(places))}

    def idle(self) -> list[str]:
        """Touched paths that decide nothing of any function, as they can be printed."""
        index = Index({"any": [path for name in self._candidates for path in self._paths(name)]})
        manifests = {f"functions/{name}/function.yaml" for name in self._candidates}
        stacks = {f"stacks/Pulumi.{name}.yaml" for name in self._environments}
        counted = self._touched.ignored | manifests | stacks
        return listing(path for path in self._touched.content if path not in counted and not index.functions(path))

    def _touched_folders(self) -> set[str]:
        found = set()
        for path in self._touched.every:
            first, _, rest = path.partition("/")
            name, slash, _ = rest.partition("/")
            if path == "functions/":
                found |= self._here
            elif first == "functions" and slash and name != PACKAGE:
                found.add(name)
        return found

    def _take_base(self, tree: Path) -> State:
        """The base, of which only that is taken out of git which differs; the rest leads to what is there now."""
        root = self._now.project.root
        wanted = [*sorted(self._differing), *(f"functions/{name}" for name in sorted(self._own))]
        taken = check_out(root, str(self._base.commit), wanted, tree)
        self._missing = taken.missing
        if common := [path for path in taken.missing if not path.startswith("functions/") or path.startswith(_SHARED)]:
            raise SlipwayError(f"submodule {shown(common[0])}: its content then is not on this machine")
        for folder in sorted({*_FOLDERS} - self._differing):
            if (root / folder).exists():
                (taken.root / folder).parent.mkdir(parents=True, exist_ok=True)
                (taken.root / folder).symlink_to(root / folder)
        return State(Project(taken.root), beside=self._now)

    def _environments_before(self) -> Mapping[str, Environment]:
        if "stacks" not in self._differing:
            return self._environments
        names = [name for name in environment_names(self._before.project) if name in self._environments]
        return self._before.environments(names)

    def _who(self) -> set[str]:
        """Names of the functions that may differ."""
        present = self._here | self._there
        if self._touched.any_below("runtime/") or "stacks" in self._differing:
            return present
        found = present & self._own
        if self._touched.any_below(f"{_SHARED}/"):
            for name in present - found:
                if self._may_include(name) or any(
                    self._touched.touches(f"{_SHARED}/{file}") for file in self._brought(name)
                ):
                    found.add(name)
        return found

    def _may_include(self, name: str) -> bool:
        """Whether a function whose own folder is as it was may have `includes`, without reading all its manifest."""
        try:
            return b"includes" in (self._now.project.functions / name / MANIFEST).read_bytes()
        except OSError:
            return True

    def _brought(self, name: str) -> dict[str, str | None]:
        """What a function whose own folder is as it was takes of the shared folder, at the base or now."""
        folder = self._now.project.functions / name
        return {**self._before.collector.brought(folder), **self._now.collector.brought(folder)}

    def _in_environments(self, name: str) -> Iterator[tuple[str, list[str]]]:
        """Environments that deploy a function, at the base or now, with the reasons why it differs there."""
        for where, place in self._environments.items():
            new, old = self._new.get(name), self._old.get(name)
            earlier = self._old_environments.get(where)
            is_there = new is not None and place.settings.deploys(name)
            was_there = old is not None and earlier is not None and earlier.settings.deploys(name)
            if new is not None and old is not None and earlier is not None and is_there and was_there:
                yield (
                    where,
                    [
                        *self._code_reasons(name),
                        *setting_reasons(*self._places(name, place, earlier)),
                        *self._program_reasons(name, place, earlier),
                    ],
                )
            elif is_there:
                file = f"stacks/Pulumi.{where}.yaml"
                yield (
                    where,
                    [
                        "new function"
                        if old is None
                        else f"new environment, {file}"
                        if earlier is None
                        else f"{file}: functions.{name}.enabled"
                    ],
                )
            elif was_there:
                gone = f"functions/{name} is gone" if new is None else f"stacks/Pulumi.{where}.yaml switches it off"
                yield where, [f"{REMOVED}: {gone}"]

    def _places(self, name: str, now: Environment, earlier: Environment) -> tuple[Place, Place]:
        return (
            Place(self._before, earlier, self._old[name], self._old_inputs.get(name)),
            Place(self._now, now, self._new[name], self._new_inputs.get(name)),
        )

    def _program_reasons(self, name: str, now: Environment, earlier: Environment) -> list[str]:
        if "runtime" not in self._differing:
            return []
        with _of_the_base():
            return list(program_reasons(*self._places(name, now, earlier)))

    @functools.cache  # noqa: B019 - one comparison lives as long as the command
    def _code_reasons(self, name: str) -> list[str]:
        """Why its code differs; the same in every environment."""
        folder = f"functions/{name}/"
        reasons = [
            f"submodule {shown(path)}: its content at {self._base.short} is not on this machine"
            for path in self._missing
            if path.startswith(folder)
        ]
        old, new = self._old_inputs.get(name), self._new_inputs.get(name)
        if old is not None and new is not None:
            brought = {} if old.digest == new.digest else self._now.collector.brought(self._new[name].directory)
            reasons += code_reasons(old, new, self._touched, brought)
        return reasons

    def _add_callers(self, found: dict[str, dict[str, list[str]]]) -> None:
        """Add functions that call one which has moved to another target: what they may do there is another thing."""
        moved = {
            (where, name): self._new[name].target_in(place.settings)
            for where, place in self._environments.items()
            for name in self._new.keys() & self._old.keys()
            if (earlier := self._old_environments.get(where)) is not None
            and self._old[name].target_in(earlier.settings) != self._new[name].target_in(place.settings)
        }
        if not moved:
            return
        for name, function in self._now.functions(self._here).items():
            for use in function.manifest.uses:
                for where in self._environments:
                    if use.kind == "function" and (where, use.name) in moved:
                        reason = f"{use.name}, which it calls, moves to {moved[where, use.name]}"
                        found.setdefault(name, {}).setdefault(where, []).append(reason)

    def _retagged(self, names: list[str]) -> list[str]:
        """Which of these functions another commit was the last to change."""
        touched = [name for name in names if self._is_touched(name)]
        project = self._now.project
        new = last_commits(project, {name: self._new_paths(name) for name in touched})
        old = last_commits(project, {name: self._old_paths(name) for name in touched}, at=self._base.commit)
        return [name for name in touched if old[name] != new[name]]

    def _is_touched(self, name: str) -> bool:
        index = Index({name: self._paths(name)})
        return any(index.functions(path) for path in self._touched.every)

    def _paths(self, name: str) -> set[str]:
        return {*self._old_paths(name), *self._new_paths(name)}

    def _old_paths(self, name: str) -> tuple[str, ...]:
        return _paths(name, self._old, self._old_inputs)

    def _new_paths(self, name: str) -> tuple[str, ...]:
        return _paths(name, self._new, self._new_inputs)


def _paths(
    name: str, functions: Mapping[str, LoadedFunction], inputs: Mapping[str, PackageInputs | ContainerInputs]
) -> tuple[str, ...]:
    """What decides a function, for git; as the program has it."""
    if name not in functions:
        return ()
    return (
        inputs[name].paths if name in inputs else container_paths("functions", name, functions[name].manifest.includes)
    )


def _merged(places: Mapping[str, list[str]]) -> list[str]:
    """Reasons of all environments, each once."""
    where: dict[str, list[str]] = collections.defaultdict(list)
    for environment, reasons in places.items():
        for reason in dict.fromkeys(reasons):
            where[reason].append(environment)
    return [
        reason if len(names) == len(places) or reason.startswith("stacks/") else f"{', '.join(names)}: {reason}"
        for reason, names in where.items()
    ]


@contextlib.contextmanager
def _of_the_base() -> Iterator[None]:
    try:
        yield
    except SlipwayError as error:
        first = error.findings[0].render() if isinstance(error, BadInputError) and error.findings else str(error)
        raise UnreadableBaseError(first.splitlines()[0]) from error
