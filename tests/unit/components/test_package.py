import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from pulumi.provider.experimental.component import ComponentProvider

import components
from components.environment_args import EnvironmentArgs
from components.function.args import FunctionArgs
from components.package import NAME, Functions
from components.shapes import HIDDEN, whole

ROOT = Path(components.__file__).parent.parent


@pytest.fixture(scope="module")
def schema():
    return json.loads(ComponentProvider([Functions], NAME, None, "0.0.0").schema)


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


@pytest.mark.parametrize("args", [FunctionArgs, EnvironmentArgs], ids=lambda cls: cls.__name__)
def test_the_schema_says_what_the_dataclass_says(schema, args):
    found = schema["types"][f"slipway:index:{args.__name__}"]
    fields = [field for field in dataclasses.fields(args) if field.name not in HIDDEN]
    assert set(found["properties"]) == {camel(field.name) for field in fields}
    assert set(found["required"]) == {
        camel(field.name)
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    assert all(item.get("description") for item in found["properties"].values()), "docstrings travel"


def test_shapes_of_collections(schema):
    found = schema["types"]["slipway:index:FunctionArgs"]["properties"]
    assert found["http"]["items"]["$ref"] == "#/types/slipway:index:HttpEvent"
    assert found["environment"]["additionalProperties"]["type"] == "string"
    assert found["memoryMb"]["type"] == "integer"
    assert "plain" not in schema["types"]["slipway:index:Code"]["properties"]["image"], "an image may come later"


def test_numbers_of_the_wire_become_whole_again():
    spec = {"memory_mb": 512.0, "http": [{"path": "/", "throttle": {"rate": 2.0, "burst": 3.0}}], "max_scale": 4.0}
    made = whole(FunctionArgs, spec)
    assert repr(made) == repr(
        {"memory_mb": 512, "http": [{"path": "/", "throttle": {"rate": 2.0, "burst": 3}}], "max_scale": 4}
    )
    catalogue = {"catalogue": [{"kind": "service", "name": "s", "egress": [{"cidr": "10.0.0.0/8", "ports": [443.0]}]}]}
    assert whole(EnvironmentArgs, catalogue)["catalogue"][0]["egress"][0]["ports"] == [443]


def test_it_makes_an_environment_with_its_functions(engine, resolved):
    image = "registry.example.com/hello@sha256:" + "a" * 64
    spec = {
        "environment": {
            "environment": "dev",
            "target": "knative",
            "knative": {"namespace": "n", "domain": "example.com", "context": "c"},
        },
        "functions": {
            "hello": {
                "owner": "t",
                "runtime": "python3.11",
                "handler": "main:hello",
                "code": {"image": image},
                "http": [{"path": "/", "visibility": "public", "auth": "none"}],
            },
            "silent": {"owner": "t", "runtime": "container", "code": {"image": image}},
        },
    }
    made = engine.run(lambda: Functions("dev", spec))
    assert engine.named("dev", "Environment").parent == "dev"
    assert engine.named("hello", "Function").parent == "dev"
    assert resolved(made.urls) == {"hello": "https://hello.n.example.com/"}
    assert set(resolved(made.versions)) == set(resolved(made.arns)) == {"hello", "silent"}


def test_the_folder_starts_as_a_plugin():
    # Without the engine's address the host ends; that it gets there shows that its imports work from inside the folder.
    done = subprocess.run(
        [sys.executable, str(ROOT / "components")], capture_output=True, text=True, check=False, timeout=60
    )
    assert "ModuleNotFoundError" not in done.stderr, done.stderr
