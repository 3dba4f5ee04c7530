"""The provider that we build must be, for what it serves, the official one: same tokens, properties and types.

The Python classes of `pulumi-aws` are generated from the official provider's schema; our provider's own schema is
compared with them, member by member and down into nested objects.
"""

import ast
import importlib
import json
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.proto import provider_pb2

from tests.integration.toolchain import python_shapes as shapes
from tests.integration.toolchain.aws_provider_process import running_provider

ROOT = Path(__file__).parents[3]
# Importing a module of pulumi_aws defines the deprecated classes too, and each says so.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
EXPLAINED = {
    # pulumi-aws has one class for two rules of the same name, this one and that of the separate resource
    # BucketServerSideEncryptionConfiguration; Terraform's bucket has no such attribute.
    "aws:s3/bucket:Bucket": {
        f"{side}.serverSideEncryptionConfiguration.rule.blockedEncryptionTypes: only pulumi-aws has it"
        for side in ("inputs", "outputs")
    },
}


@pytest.fixture(scope="module")
def schema():
    with running_provider() as provider:
        return json.loads(provider.GetSchema(provider_pb2.GetSchemaRequest()).schema)


def differences(ours, official, path):
    """One line for each place where two shapes differ."""
    if isinstance(ours, dict) and isinstance(official, dict):
        for name in sorted(ours.keys() | official.keys()):
            if name not in official:
                yield f"{path}.{name}: only ours has it"
            elif name not in ours:
                yield f"{path}.{name}: only pulumi-aws has it"
            else:
                yield from differences(ours[name], official[name], f"{path}.{name}")
    elif isinstance(ours, tuple) and isinstance(official, tuple) and ours[0] == official[0]:
        yield from differences(ours[1], official[1], f"{path}[]")
    elif ours != official:
        yield f"{path}: ours is {ours}, that of pulumi-aws {official}"


def compared(ours, official):
    return [
        *differences(ours.inputs, official.inputs, "inputs"),
        *differences(ours.outputs, official.outputs, "outputs"),
        *(f"only one side requires {name}" for name in sorted(ours.required ^ official.required)),
        *(f"only one side keeps {name} secret" for name in sorted(ours.secrets ^ official.secrets)),
    ]


def test_every_resource_is_that_of_pulumi_aws(schema):
    found = {}
    for token, spec in schema["resources"].items():
        if lines := compared(shapes.schema_resource(spec, schema["types"]), shapes.python_resource(token)):
            found[token] = set(lines)
    assert found == EXPLAINED


def test_the_settings_of_the_provider_are_those_of_pulumi_aws(schema):
    ours = shapes.schema_resource(schema["provider"], schema["types"])
    official = shapes.python_provider()
    assert list(differences(ours.inputs, official.inputs, "settings")) == []
    assert ours.required == official.required


def test_the_components_use_nothing_of_pulumi_aws_that_is_not_served(schema):
    """Resources must be mapped; data sources are not served at all, so none may be called."""
    used = {
        name for path in (ROOT / "components").rglob("*.py") for name in aws_names(path.read_text(encoding="utf-8"))
    }
    assert used, "no use of pulumi_aws found in components"
    assert used - {class_name(token) for token in schema["resources"]} == set()


def class_name(token):
    """`lambda_.Function` for `aws:lambda/function:Function`."""
    _, module, name = token.split(":")
    module = module.split("/")[0]
    return f"{'lambda_' if module == 'lambda' else module}.{name}"


def aws_names(source):
    """Resource classes and data sources that a file takes from `pulumi_aws`, as `<module>.<name>` or `get_<name>`."""
    tree = ast.parse(source)
    modules = imported_modules(tree)
    for node in ast.walk(tree):
        dotted = ast.unparse(node).split(".") if isinstance(node, ast.Attribute) else []
        if not dotted or dotted[0] not in modules:
            continue
        path = [*modules[dotted[0]], *dotted[1:]]
        if path[-1].startswith("get_"):
            yield ".".join(path)
        elif len(path) == 2:
            found = getattr(importlib.import_module(f"pulumi_aws.{path[0]}"), path[1])
            if isinstance(found, type) and issubclass(found, pulumi.CustomResource):
                yield ".".join(path)


def imported_modules(tree):
    """Name in the file to the parts of the name below `pulumi_aws`."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.asname or name.name: [] for name in node.names if name.name == "pulumi_aws"}
        elif isinstance(node, ast.ImportFrom) and node.module == "pulumi_aws":
            found |= {name.asname or name.name: [name.name] for name in node.names}
    return found


def test_uses_of_pulumi_aws_are_found():
    source = """
import pulumi_aws as aws
from pulumi_aws import lambda_, sqs as queues
aws.s3.Bucket("a"); lambda_.Function("b", args=lambda_.FunctionArgs()); queues.Queue("c"); aws.get_region()
"""
    assert set(aws_names(source)) == {"s3.Bucket", "lambda_.Function", "sqs.Queue", "get_region"}


@pytest.mark.parametrize(
    ("ours", "official", "expected"),
    [
        ({"a": "string"}, {"a": "string"}, []),
        ({"a": "string"}, {"a": "integer"}, ["x.a: ours is string, that of pulumi-aws integer"]),
        ({"a": ("list", {"b": "string"})}, {"a": ("list", {})}, ["x.a[].b: only ours has it"]),
        ({"a": "string"}, {"a": ("list", "string")}, ["x.a: ours is string, that of pulumi-aws ('list', 'string')"]),
        ({}, {"a": "string"}, ["x.a: only pulumi-aws has it"]),
    ],
)
def test_a_difference_is_named(ours, official, expected):
    assert list(differences(ours, official, "x")) == expected
