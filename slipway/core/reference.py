"""What the documentation says about keys, generated from the models: tables between markers, and the schemas."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from slipway.core import (
    envelope,
    events,
    example,
    fields,
    manifest,
    settings,
    settings_knative,
    settings_parts,
    settings_policy,
    settings_resources,
    settings_sinks,
)
from slipway.core.anatomy import spot
from slipway.core.catalogue import VARIABLES
from slipway.core.schema import function_schema, log_schema, stack_schema, to_text
from slipway.core.target_settings import SETTINGS
from slipway.core.target_sinks import DESTINATIONS, OPTIONS, SINKS
from slipway.core.targets import FEATURES, TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pydantic.fields import FieldInfo

    from slipway.core.targets import Support

_MARKED = re.compile(r"(<!-- (keys|targets|variables|options): (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_PAGES = ("docs/function.yaml.md", "docs/environments.md", "docs/sinks.md", "docs/targets.md")
_MODULES = (
    envelope,
    events,
    example,
    fields,
    manifest,
    settings,
    settings_knative,
    settings_parts,
    settings_policy,
    settings_resources,
    settings_sinks,
)


def generated(root: Path) -> dict[Path, str]:
    """Files of the documentation with their generated parts brought up to date.

    Args:
        root: The project.

    Returns:
        What each file should hold. The pages themselves must exist.
    """
    files = {
        root / "docs" / "schema" / "function.schema.json": to_text(function_schema()),
        root / "docs" / "schema" / "log.schema.json": to_text(log_schema()),
        root / "docs" / "schema" / "stack.schema.json": to_text(stack_schema()),
    }
    for page in _PAGES:
        text = (root / page).read_text(encoding="utf-8")
        files[root / page] = _MARKED.sub(lambda match: f"{match[1]}{_TABLES[match[2]](match[3])}{match[4]}", text)
    return files


def feature_table(which: str) -> str:
    """A Markdown table of what both targets serve.

    Args:
        which: `functions` (what function.yaml says), `environments` (settings of one target only) or `sinks`.
    """
    rows = {"functions": FEATURES, "environments": SETTINGS, "sinks": SINKS}[which].values()
    lines = ["| Feature | " + " | ".join(TARGETS.values()) + " |", "|---|" + "---|" * len(TARGETS)]
    for feature in rows:
        cells = [_cell(feature.shown), *(_cell(_supported(feature.on(target))) for target in TARGETS)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def option_table(_: str) -> str:
    """A Markdown table of the keys of a sink that not every destination can have."""
    lines = ["| Key | Goes with | Why not with the others |", "|---|---|---|"]
    for key, option in OPTIONS.items():
        others = [feature.shown for feature in DESTINATIONS if feature.key not in option.destinations]
        taken = ", ".join(feature.shown for feature in DESTINATIONS if feature.key in option.destinations)
        lines.append(f"| `{key}` | {taken if len(others) > 1 else f'all but {others[0]}'} | {option.why} |")
    return "\n".join(lines) + "\n"


def variable_table(_: str) -> str:
    """A Markdown table of the variables through which functions find what they use."""
    lines = ["| Kind | Variable | " + " | ".join(TARGETS.values()) + " |", "|---|---|" + "---|" * len(TARGETS)]
    for kind, variables in VARIABLES.items():
        for variable in variables:
            name = variable.pattern.format("<NAME>")
            lines.append(
                f"| `{kind}` | `{name}` | {variable.on_lambda or 'not set'} | {variable.on_knative or 'not set'} |"
            )
    return "\n".join(lines) + "\n"


def _supported(support: Support) -> str:
    return support.how if support.served else f"**no**: {support.how}; {support.instead}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def table(model: type[BaseModel]) -> str:
    """A Markdown table of the keys of a model: name, type, default, what is allowed and what it means."""
    lines = ["| Key | Type | Default | Allowed | Meaning |", "|---|---|---|---|---|"]
    for name, field in model.model_fields.items():
        key = field.alias or name
        here = spot(model, (key,))
        allowed = here.form or (f"keys {', '.join(here.keys)}" if here.keys else "")
        cells = (f"`{key}`", here.kind, _default(field), allowed, field.description or "")
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines) + "\n"


def _key_table(model: str) -> str:
    return table(_model(model))


def _model(name: str) -> type[BaseModel]:
    for module in _MODULES:
        found = getattr(module, name, None)
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    raise LookupError(f"no model is called {name}")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.default
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel) or value in ([], {}, ""):
        return ""
    return f"`{json.dumps(value)}`" if not isinstance(value, str) else f"`{value}`"


_TABLES: Mapping[str, Callable[[str], str]] = {
    "keys": _key_table,
    "targets": feature_table,
    "variables": variable_table,
    "options": option_table,
}
