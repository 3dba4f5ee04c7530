"""The rules, one per file."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judge.rule import AnyRule


@functools.cache
def all_rules() -> Sequence[AnyRule]:
    """Every rule of this folder, by the names of their files; modules with an underscore are shared by several."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(importlib.import_module(f"{__name__}.{name}").RULE for name in names)
