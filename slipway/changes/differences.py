"""Why something differs: packages by what goes into them, values by the paths of properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.artifacts import tree as trees
from slipway.artifacts.dependencies import UNUSED_LIST
from slipway.artifacts.inputs import ADAPTER, PackageInputs
from slipway.artifacts.shared import PACKAGE
from slipway.changes.touched import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.artifacts.inputs import ContainerInputs, Section
    from slipway.changes.touched import Touched

_FUNCTIONS, _RUNTIME = "functions", "runtime"


def code_reasons(
    old: PackageInputs | ContainerInputs,
    new: PackageInputs | ContainerInputs,
    touched: Touched,
    brought: Mapping[str, str | None] | None = None,
) -> list[str]:
    """Why the code of a function differs; empty exactly when its digest does not.

    Args:
        old: Its inputs at the base.
        new: Its inputs now.
        touched: What was touched in between.
        brought: Its shared files by what brings each, as `SharedCode.brought` says, at the base and now.
    """
    if old.digest == new.digest and type(old) is type(new):
        return []
    if not isinstance(old, PackageInputs) or not isinstance(new, PackageInputs):
        # From a package to an image or back, which function.yaml says; or two images.
        pair = [inputs for inputs in (old, new) if not isinstance(inputs, PackageInputs)]
        found: list[str] = []
        if len(pair) == len((old, new)):
            found += _own(pair[0].section, pair[1].section, new.function, touched)
            found += _shared(pair[0].shared, pair[1].shared, touched, {})
    else:
        found = [
            *_own(old.sections["function"], new.sections["function"], new.function, touched),
            *_shared(old.sections["shared"], new.sections["shared"], touched, brought or {}),
            *_adapter(old.sections.get("runtime"), new.sections.get("runtime"), touched),
            *_dependencies(old, new),
        ]
    # Runtime and architecture are told by function.yaml; a digest that nothing else explains is still one that changed.
    return found or ["what its package is made of: runtime or architecture"]


def _own(old: Section, new: Section, function: str, touched: Touched) -> Iterator[str]:
    if old.digest == new.digest:
        return
    folder = f"{_FUNCTIONS}/{function}/"
    before, now = set(old.names), set(new.names)
    for path in touched.below(folder):
        name = path.removeprefix(folder)
        if path.endswith("/"):
            yield f"own files in {shown(path)}"
        elif name in now - before:
            yield f"own file {shown(path)}, new"
        elif name in before - now:
            yield f"own file {shown(path)}, removed"
        elif name in now or any(inside.startswith(f"{name}/") for inside in now | before):
            yield f"own file {shown(path)}"


def _shared(old: Section, new: Section, touched: Touched, brought: Mapping[str, str | None]) -> Iterator[str]:
    if old.digest == new.digest:
        return
    folder = f"{_FUNCTIONS}/{PACKAGE}/"
    before, now = set(old.names), set(new.names)
    for name in sorted(before | now):
        by = brought.get(name)
        through = f", through {shown(folder + by)}" if by else ""
        if name not in before:
            yield f"shared file {shown(folder + name)}, taken since{through}"
        elif name not in now:
            yield f"shared file {shown(folder + name)}, no longer taken"
        elif touched.holds(folder + name):
            yield f"shared file {shown(folder + name)}{through}"


def _adapter(old: Section | None, new: Section | None, touched: Touched) -> Iterator[str]:
    if old is None or new is None:
        if old is not new:
            yield "how its handler is called"
    elif old.digest != new.digest:
        folder = f"{_RUNTIME}/{ADAPTER}/"
        yield from (f"runtime adapter {shown(path)}" for path in touched.below(folder)
                    if trees.travels(path.removeprefix(folder) or "."))  # fmt: skip


def _dependencies(old: PackageInputs, new: PackageInputs) -> Iterator[str]:
    if old.lock_digest != new.lock_digest:
        yield f"lock file {shown(_lock(new) or _lock(old))}"
    if old.roots != new.roots:
        yield f"direct requirements, {shown((_lock(new) or _lock(old)).removesuffix('txt') + 'in')}"
    if old.cut != new.cut:
        yield f"what Lambda does not need, {_RUNTIME}/{UNUSED_LIST}"


def _lock(inputs: PackageInputs) -> str:
    """Its lock file relative to the project: its own, or that of the runtime."""
    return inputs.paths[-1] if inputs.lock is not None else ""


def differences(old: Any, new: Any, at: str = "") -> Iterator[str]:
    """Paths of the properties that differ between two JSON-like values; never a value."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key), new.get(key), f"{at}.{key}" if at else str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from differences(*pair, f"{at}[{index}]")
    else:
        yield at
