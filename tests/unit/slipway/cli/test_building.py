"""Before an update: packages that the stack does not run yet are built, the others are not looked at."""

import types

import pytest

from slipway.cli import building
from slipway.core.errors import BadInputError


class Display:
    def __init__(self):
        self.said = []

    def say(self, line):
        self.said.append(line)


@pytest.fixture
def session(tmp_path, monkeypatch):
    # A function that brings an image has no inputs.
    inputs = {name: types.SimpleNamespace(function=name, digest="1") for name in ("running", "new")}
    state = {
        "deployment": {
            "resources": [
                {"type": "pulumi:pulumi:Stack"},
                {"type": "aws:lambda/function:Function", "inputs": {"s3Key": "packages/running/1.zip"}},
                {"type": "aws:lambda/function:Function", "inputs": {"imageUri": "x"}},
                {"type": "aws:s3/bucketObjectv2:BucketObjectv2", "inputs": {"s3Key": "packages/new/1.zip"}},
            ]
        }
    }
    monkeypatch.setattr(building, "collect_all", lambda project, functions: inputs)
    monkeypatch.setattr(building.operations, "export", lambda *_: state)
    project = types.SimpleNamespace(root=tmp_path)
    return types.SimpleNamespace(environment="local", project=project, functions={})


class Builder:
    wanted = ()
    error = None

    def __init__(self, project):
        pass

    def build_all(self, wanted, *, done):
        type(self).wanted = list(wanted)
        if self.error:
            raise self.error
        package = types.SimpleNamespace(size=3_000_000)
        done(types.SimpleNamespace(function="new", built=True, package=package, seconds=1.25))
        done(types.SimpleNamespace(function="cached", built=False, package=package, seconds=0.0))


def test_only_what_the_stack_does_not_run_is_built_and_told(session, monkeypatch):
    monkeypatch.setattr(building, "Builder", Builder)
    display = Display()
    building.build_ahead(session, display)
    assert [found.function for found in Builder.wanted] == ["new"]
    assert display.said == ["built new: 3.0 MB in 1.2 s"]


def test_a_package_that_cannot_be_built_ends_the_command(session, monkeypatch):
    monkeypatch.setattr(building, "Builder", type("Failing", (Builder,), {"error": BadInputError("no wheel")}))
    with pytest.raises(BadInputError, match="no wheel"):
        building.build_ahead(session, Display())
