"""Recovery knows every resource that the components make: read from their sources, so that no branch is missed."""

import ast
import importlib
import pathlib

import pulumi_aws
import pytest

from slipway.engine.finders import KNOWN_TYPES

COMPONENTS = pathlib.Path(__file__).parents[4] / "components"


def made_in(source):
    """Modules and names of the classes that a source gives to `child`, without providers."""
    tree = ast.parse(source)
    modules = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "pulumi_aws"
        for alias in node.names
    }
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "child"):
            continue
        match call.args[1]:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules:
                yield modules[module], name
            case ast.Attribute(value=ast.Name(id="aws"), attr="Provider"):
                pass
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
    assert kind.pulumi_type in KNOWN_TYPES, f"{path} makes {name}: tell slipway/engine/finders.py what its id is"


def test_the_sources_were_read():
    names = {f"{module.removeprefix(pulumi_aws.__name__ + '.')}.{name}" for _, module, name in FOUND}
    assert {"lambda_.Function", "sqs.Queue", "apigatewayv2.Stage", "lambda_.CodeSigningConfig", "kms.Key"} <= names


def test_a_class_that_cannot_be_told_is_not_passed_over():
    with pytest.raises(AssertionError, match=r"line 1: cannot tell the class kinds\[0\]"):
        list(made_in("owner.child('a', kinds[0], {})"))
