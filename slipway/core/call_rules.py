"""Functions that call other functions of their environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.core.explain import Mistake, known, nearest
from slipway.core.placed import IN, Found
from slipway.core.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slipway.core.loaded import LoadedFunction
    from slipway.core.placed import Environment


def called_functions(
    functions: Mapping[str, LoadedFunction], here: Environment, names: Sequence[str]
) -> Iterator[Found]:
    """What a function calls and cannot reach: what is no function, is not deployed, or runs on the other target.

    Args:
        functions: Functions that the environment deploys, as far as their manifests could be used.
        here: The environment.
        names: Names of all functions, those included whose manifests could not be used.
    """
    for name, function in functions.items():
        for index, use in enumerate(function.manifest.uses):
            if use.function is None:
                continue
            wrong = _wrong(function, use.function, functions, here, names)
            if wrong is not None:
                rule, message, remedy = wrong
                mistake = Mistake(path=("uses", index, "function"), rule=rule, message=message, remedy=remedy)
                yield Found(name, mistake)


def _wrong(
    caller: LoadedFunction,
    called: str,
    functions: Mapping[str, LoadedFunction],
    here: Environment,
    names: Sequence[str],
) -> tuple[str, str, str] | None:
    """Rule, message and remedy; None when it can be called, or when nothing is known of it yet."""
    if called not in names:
        return "unknown-function", f"{called!r} is no function{nearest(called, names)}", f"functions: {known(names)}"
    if not here.settings.deploys(called):
        message = f"function {called!r} is not deployed in {IN}"
        return "not-deployed", message, "remove enabled: false there, or this use"
    if called not in functions or here.refused.touches(("target",)):
        return None
    target, other = caller.target_in(here.settings), functions[called].target_in(here.settings)
    if target == other:
        return None
    return (
        "function-on-other-target",
        f"function {called!r} runs on {TARGETS[other]} in {IN}, and this function on {TARGETS[target]}",
        "run both on one target, or name its public address as a service of the catalogue",
    )
