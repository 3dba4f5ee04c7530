"""JSON Schemas (draft 2020-12) of function.yaml, environments' files and log records, generated from the models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slipway.core.envelope import Envelope
from slipway.core.manifest import Manifest
from slipway.core.settings import PREFIX, Settings, StackFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def function_schema() -> dict[str, Any]:
    """The schema of `functions/<name>/function.yaml`."""
    return {"$schema": _DIALECT, **_schema_of(Manifest)}


def stack_schema() -> dict[str, Any]:
    """The schema of `stacks/Pulumi.<environment>.yaml`."""
    settings, stack = _schema_of(Settings), _schema_of(StackFile)
    config = {
        "type": "object",
        "description": stack["properties"]["config"]["description"],
        "properties": {PREFIX + name: value for name, value in settings["properties"].items()},
        "required": [PREFIX + name for name in settings["required"]],
        "patternProperties": {f"^(?!{PREFIX})[^:]+:.+$": {}},
        "additionalProperties": False,
    }
    return {
        "$schema": _DIALECT,
        **stack,
        "title": settings["title"],
        "description": settings["description"],
        "properties": {**stack["properties"], "config": config},
        "$defs": settings["$defs"],
    }


def log_schema() -> dict[str, Any]:
    """The schema of a record in a log sink."""
    return {"$schema": _DIALECT, **_schema_of(Envelope)}


def to_text(schema: Mapping[str, Any]) -> str:
    """A schema as it is written to a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    schema: dict[str, Any] = _tidied(model.model_json_schema(), root=True)
    parts = schema.get("$defs", {})
    for part in (schema, *parts.values()):
        for value in part.get("properties", {}).values():
            # pydantic leaves out the description of a field that is nothing but another model.
            if "$ref" in value and "description" not in value:
                value["description"] = parts[value["$ref"].rpartition("/")[2]]["description"]
    return schema


def _tidied(node: Any, *, root: bool = False, names: bool = False) -> Any:
    """A schema without what pydantic adds for Python's sake: null for keys that are left out, titles made of names.

    Args:
        node: A part of the schema.
        root: Whether it is the whole, whose title stays.
        names: Whether its keys are names of properties, not words of the schema.
    """
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {key: _tidied(value) for key, value in node.items()}
    kept = {
        key: _tidied(value, names=key in {"properties", "$defs", "patternProperties"})
        for key, value in node.items()
        if not (key == "title" and not root) and not (key == "default" and (value is None or isinstance(value, dict)))
    }
    kinds = [kind for kind in kept.pop("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        kept = {**kinds[0], **kept}
    elif kinds:
        kept["anyOf"] = kinds
    if "patternProperties" in kept:
        kept.setdefault("additionalProperties", False)
    return kept
