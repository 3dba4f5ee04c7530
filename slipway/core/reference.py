"""What the documentation says about keys, generated from the models: tables between markers, and the schemas."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from slipway.core import events, example, fields, manifest, settings, settings_parts
from slipway.core.anatomy import spot
from slipway.core.schema import function_schema, stack_schema, to_text

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic.fields import FieldInfo

_MARKED = re.compile(r"(<!-- keys: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_PAGES = ("docs/function.yaml.md", "docs/environments.md")
_MODULES = (events, example, fields, manifest, settings, settings_parts)


def generated(root: Path) -> dict[Path, str]:
    """Files of the documentation with their generated parts brought up to date.

    Args:
        root: The project.

    Returns:
        What each file should hold. The pages themselves must exist.
    """
    files = {
        root / "docs" / "schema" / "function.schema.json": to_text(function_schema()),
        root / "docs" / "schema" / "stack.schema.json": to_text(stack_schema()),
    }
    for page in _PAGES:
        text = (root / page).read_text(encoding="utf-8")
        files[root / page] = _MARKED.sub(lambda match: f"{match[1]}{table(_model(match[2]))}{match[3]}", text)
    return files


def table(model: type[BaseModel]) -> str:
    """A Markdown table of the keys of a model: name, type, default, what is allowed and what it means."""
    lines = ["| Key | Type | Default | Allowed | Meaning |", "|---|---|---|---|---|"]
    for name, field in model.model_fields.items():
        key = field.alias or name
        here = spot(model, (key,))
        allowed = here.form or (f"keys {', '.join(here.keys)}" if here.keys else "")
        cells = (f"`{key}`", here.kind, _default(field), allowed, field.description or "")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


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
