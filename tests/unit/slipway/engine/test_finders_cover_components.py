"""Recovery knows every resource that the components make: read from their sources, so that no branch is missed."""

import ast
import importlib
import pathlib

import pulumi_aws
import pytest

from slipway.aws.clients import Aws
from slipway.engine.clouds import Clouds
from slipway.kube.clients import Kube

COMPONENTS = pathlib.Path(__file__).parents[4] / "components"
CLOUDS = Clouds(
    environment="dev",
    aws=Aws(environment="dev", account="123456789012", region="eu-central-1"),
    kube=Kube(environment="dev", namespace="shop", domain="localhost", context="slipway"),
)


def made_in(source):
    """Modules and names of the classes that a source gives to `child`, without providers."""
    tree = ast.parse(source)
    imported = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("pulumi_aws", "pulumi_kubernetes"))
        for alias in node.names
    }
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "child"):
            continue
        match call.args[1]:
            case ast.Name(id="Provider") | ast.Attribute(attr="Provider"):
                pass
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in imported:
                yield ".".join(imported[module]), name
            case ast.Name(id=name) if name in imported:
                yield imported[name]
            case other:
                raise AssertionError(f"line {call.lineno}: cannot tell the class {ast.unparse(other)}")


FOUND = {
    (path.relative_to(COMPONENTS).as_posix(), *made)
    for path in COMPONENTS.rglob("*.py")
    for made in made_in(path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize(("path", "module", "name"), sorted(FOUND))
def test_a_resource_of_the_components_can_be_found_again(path, module, name):
    kind = getattr(importlib.import_module(module), name)
    # Of a custom resource, the engine makes the type out of its group, version and kind.
    token = "kubernetes:x.example.com/v1:X" if name == "CustomResource" else kind.pulumi_type
    assert CLOUDS.know(token), f"{path} makes {name}: tell slipway/engine/finders.py what its id is"


def test_the_sources_were_read():
    names = {f"{module.removeprefix(pulumi_aws.__name__ + '.')}.{name}" for _, module, name in FOUND}
    assert {"lambda_.Function", "sqs.Queue", "apigatewayv2.Stage", "lambda_.CodeSigningConfig", "kms.Key"} <= names
    assert {"pulumi_kubernetes.core.v1.Namespace", "pulumi_kubernetes.apiextensions.CustomResource"} <= names


def test_a_class_that_cannot_be_told_is_not_passed_over():
    for source in ("owner.child('a', kinds[0], {})", "owner.child('a', Namespace, {})"):
        with pytest.raises(AssertionError, match="line 1: cannot tell the class"):
            list(made_in(source))
