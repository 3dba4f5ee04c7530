"""JSON Schemas: right, current, and of the same mind as the models."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from slipway.core.reference import generated, table
from slipway.core.schema import function_schema, stack_schema
from slipway.core.settings import Settings

ROOT = Path(__file__).parents[4]
BASE = {"owner": "a", "runtime": "python3.11", "handler": "main:main"}
STACK = {"slipway:target": "lambda", "slipway:aws": {"account": "123456789012", "region": "eu-central-1"}}


@pytest.mark.parametrize("schema", [function_schema(), stack_schema()], ids=["function", "stack"])
def test_they_are_schemas(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert schema["description"]
    assert schema["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("path", generated(ROOT), ids=lambda path: path.name)
def test_generated_files_are_current(path):
    assert path.read_text(encoding="utf-8") == generated(ROOT)[path], "run slipway schema --write"


@pytest.mark.parametrize("path", sorted((ROOT / "functions").glob("*/function.yaml")), ids=lambda p: p.parent.name)
def test_samples_are_valid(path):
    jsonschema.validate(yaml.safe_load(path.read_text()), function_schema())


@pytest.mark.parametrize("path", sorted((ROOT / "stacks").glob("Pulumi.*.yaml")), ids=lambda p: p.name)
def test_environments_are_valid(path):
    jsonschema.validate(yaml.safe_load(path.read_text()), stack_schema())


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"events": [{"schedule": "rate(1 day)"}, {"queue": "a"}]},
        {"events": [{"http": {"path": "/a", "cors": {"origins": ["*"]}}}]},
        {"uses": [{"queue": "a", "can": ["send"]}]},
        {"environment": {"AA": "x"}, "secrets": {"BB": "db/password"}},
        {"lambda": {"ephemeralStorage": 1024}, "scale": {"min": 1}},
    ],
)
def test_right_functions(extra):
    jsonschema.validate({**BASE, **extra}, function_schema())


@pytest.mark.parametrize(
    "extra",
    [
        {"memory": 64},
        {"memory": "256"},
        {"memmory": 256},
        {"runtime": "python2.7"},
        {"handler": "main.main"},
        {"events": [{}]},
        {"events": [{"http": {"path": "/a"}, "queue": "a"}]},
        {"events": [{"http": {}}]},
        {"uses": [{"can": ["send"]}]},
        {"uses": [{"queue": "a", "table": "b", "can": ["send"]}]},
        {"environment": {"A-B": "x"}},
        {"environment": {"AA": 1}},
        {"secrets": {"AA": "A B"}},
        {"description": None},
    ],
)
def test_wrong_functions(extra):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**BASE, **extra}, function_schema())


@pytest.mark.parametrize(
    "config",
    [
        {"aws:region": "x", "other:key": {"secure": "v1:abc"}},
        {"slipway:resources": {"queue": {"a": {"create": True}}}},
        {"slipway:functions": {"orders": {"enabled": False}}},
    ],
)
def test_right_stacks(config):
    jsonschema.validate({"encryptionsalt": "v1:x", "config": {**STACK, **config}}, stack_schema())


@pytest.mark.parametrize(
    "config",
    [
        {"slipway:prefx": "x"},
        {"prefix": "x"},
        {"slipway:target": "heroku"},
        {"slipway:aws": {"account": 123456789012, "region": "eu-central-1"}},
        {"slipway:resources": {"queue": {"a": {}}}},
        {"slipway:resources": {"queue": {"A": {"create": True}}}},
        {"slipway:logs": {"retention": 31}},
    ],
)
def test_wrong_stacks(config):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": {**STACK, **config}}, stack_schema())


def test_every_key_is_described():
    for schema in (function_schema(), stack_schema()):
        for name, part in [("root", schema), *schema["$defs"].items()]:
            for key, value in part.get("properties", {}).items():
                assert value.get("description"), f"{name}.{key}"


def test_pages_show_every_model():
    pages = "".join(text for path, text in generated(ROOT).items() if path.suffix == ".md")
    for part in {*function_schema()["$defs"], *stack_schema()["$defs"]} - {"JsonValue"}:
        assert f"<!-- keys: {part} -->" in pages, part


def test_tables_name_type_default_and_limits():
    rows = table(Settings).splitlines()
    assert "| `target` | text | required | one of lambda, knative |" in rows[2]
