"""Images of many functions: what they are called, where dead letters need one, and that no failure hides another."""

import types

import pytest

from slipway.artifacts.images.environment import EnvironmentImages, needs_dead_letters
from slipway.artifacts.images.layouts import BuiltImage
from slipway.core.errors import BadInputError
from slipway.core.project import Project
from slipway.core.settings import Settings

GIVEN = f"registry.example.com/old@sha256:{'0' * 64}"
DIGEST = f"sha256:{'1' * 64}"


def settings(**more):
    return Settings.model_validate({"target": "knative", **more}).named("dev")


def function(name, *, target="knative", runtime="python3.11", image=None, http=1, events=1):
    manifest = types.SimpleNamespace(
        runtime=runtime, image=image, architecture="x86_64", http=[None] * http, events=[None] * events
    )
    return types.SimpleNamespace(name=name, manifest=manifest, directory=None, target_in=lambda settings: target)


def inputs(name):
    return types.SimpleNamespace(function=name, runtime="python3.11", architecture="x86_64")


@pytest.fixture
def images(tmp_path, monkeypatch):
    made = EnvironmentImages(Project(tmp_path), settings(), tmp_path / "cache")
    asked = []
    monkeypatch.setattr(made, "_base", lambda runtime, architecture: asked.append(runtime) or "base")

    def build(wanted, base):
        if wanted.function == "broken":
            raise BadInputError("broken cannot be built")
        if wanted.function == "also-broken":
            raise BadInputError("also-broken cannot be built")
        return BuiltImage(DIGEST, tmp_path / wanted.function, built=True, seconds=1.0)

    monkeypatch.setattr(made._builder, "build", build)
    made.asked = asked
    return made


@pytest.mark.parametrize(
    ("functions", "expected"),
    [
        ([function("a")], False),
        ([function("a", http=0)], True),
        ([function("a", http=0, target="lambda")], False),
        ([function("a", http=0, events=0)], False),
        ([function("a"), function("b", http=1, events=2)], True),
    ],
)
def test_dead_letters_are_kept_where_events_can_fail(functions, expected):
    assert needs_dead_letters(functions, settings()) is expected


def test_images_are_named_by_registry_function_and_digest(images, tmp_path):
    told = []
    functions = {
        "hello": function("hello"),
        "old": function("old", runtime="container", image=GIVEN),
        "plain": function("plain", target="lambda"),
    }
    found = images.build_all(functions, {"hello": inputs("hello"), "plain": inputs("plain")}, told.append)
    assert list(found) == ["hello", "old"]
    assert found["hello"].reference == f"127.0.0.1:4614/hello@{DIGEST}"
    assert found["hello"].layout == tmp_path / "hello"
    assert (found["old"].reference, found["old"].layout, found["old"].digest) == (GIVEN, None, "0" * 64)
    assert {image.function for image in told} == {"hello", "old"}
    assert images.asked == ["python3.11"]


def test_all_that_cannot_be_built_is_named(images):
    names = ("broken", "also-broken", "hello")
    told = []
    with pytest.raises(BadInputError) as refused:
        images.build_all({n: function(n) for n in names}, {n: inputs(n) for n in names}, told.append)
    assert str(refused.value).splitlines() == ["also-broken cannot be built", "broken cannot be built"]
    assert [image.function for image in told] == ["hello"]
