"""Before an update: packages that the stack does not run yet are built, the others are not looked at."""

import types

import pytest

from slipway.artifacts.images import environment as images
from slipway.artifacts.images.environment import Image
from slipway.cli import building
from slipway.core.errors import BadInputError


class Display:
    def __init__(self):
        self.said = []

    def say(self, line):
        self.said.append(line)


@pytest.fixture
def session(tmp_path, monkeypatch):
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
    functions = {name: types.SimpleNamespace(name=name, target_in=lambda settings: "lambda") for name in inputs}
    return types.SimpleNamespace(environment="local", project=project, functions=functions, settings=None)


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


class Images:
    """Stands for the builder of images; notes what it was asked for."""

    asked = None

    def __init__(self, project, settings):
        self.dead_letters = Image(function="slipway-dead-letters", reference="r@sha256:3", built=True, seconds=1.0)

    def build_all(self, functions, inputs, done):
        type(self).asked = (sorted(functions), sorted(inputs))
        done(Image(function="new", reference="r@sha256:1", built=True, seconds=2.0))
        done(Image(function="cached", reference="r@sha256:2"))


@pytest.mark.parametrize(
    ("can_fail", "expected"), [(False, []), (True, ["built the image of slipway-dead-letters in 1.0 s"])]
)
def test_images_are_built_for_what_does_not_run_as_a_package(session, monkeypatch, can_fail, expected):
    session.functions["new"].target_in = lambda settings: "knative"
    monkeypatch.setattr(building, "Builder", Builder)
    monkeypatch.setattr(Builder, "build_all", lambda self, wanted, *, done: wanted)
    monkeypatch.setattr(images, "EnvironmentImages", Images)
    monkeypatch.setattr(images, "needs_dead_letters", lambda functions, settings: can_fail)
    display = Display()
    building.build_ahead(session, display)
    assert Images.asked == (["new", "running"], ["new", "running"])
    assert display.said == ["built the image of new in 2.0 s", *expected]


def test_without_images_nothing_of_them_is_loaded(session, monkeypatch):
    monkeypatch.setattr(building, "Builder", Builder)
    monkeypatch.setattr(images, "EnvironmentImages", lambda *_: pytest.fail("images are looked at"))
    building.build_ahead(session, Display())
