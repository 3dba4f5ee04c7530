"""Which image each function of an environment runs, and what it is called."""

from types import SimpleNamespace

import pytest

from slipway.artifacts.images.environment import EnvironmentImages, runs_as_image
from slipway.artifacts.images.oci import read_layout
from slipway.core.errors import BadInputError, EngineError
from tests.unit.slipway.artifacts.conftest import make_project, write
from tests.unit.slipway.artifacts.images.conftest import make_layout
from tests.unit.slipway.artifacts.images.test_containerfile import BUILDAH

GIVEN = "registry.example.com/team/report@sha256:" + "ab" * 32


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def project(tmp_path):
    found = make_project(tmp_path / "project")
    write(found, "functions/legacy/Containerfile", "FROM scratch\n")
    return found


def function(project, *, image=None, architecture="x86_64", target="knative"):
    manifest = SimpleNamespace(image=image, runtime="container", architecture=architecture, includes=[])
    return SimpleNamespace(
        name="legacy", directory=project.functions / "legacy", manifest=manifest, target_in=lambda _: target
    )


def settings(*, knative="127.0.0.1:4614", registry=None, base=None):
    return SimpleNamespace(
        knative=SimpleNamespace(registry=knative) if knative else None,
        registry=registry,
        images=SimpleNamespace(base=base or {}),
    )


def build(project, cache, chosen, **options):
    images = EnvironmentImages(project, chosen, cache)
    return images.build_all({"legacy": function(project, **options)}, {})["legacy"]


def test_an_image_that_is_given_is_taken_as_it_is(project, cache):
    image = build(project, cache, settings(), image=GIVEN)
    assert (image.reference, image.layout, image.digest) == (GIVEN, None, "ab" * 32)
    assert image.publish() == GIVEN


@pytest.fixture
def buildah(program, tmp_path):
    """buildah that makes some image of anything."""
    layout = make_layout(tmp_path / "result")
    program("buildah", BUILDAH.format(log=str(tmp_path / "log"), layout=str(layout)))


@pytest.mark.usefixtures("buildah")
@pytest.mark.parametrize(
    ("chosen", "registry"),
    [
        (settings(), "127.0.0.1:4614"),
        (
            settings(knative=None, registry="1.dkr.ecr.eu-central-1.amazonaws.com/f"),
            "1.dkr.ecr.eu-central-1.amazonaws.com/f",
        ),
    ],
)
def test_a_containerfile_is_built_for_either_target(project, cache, chosen, registry):
    # It does not stand on the environment's base image, so there need not be one.
    image = build(project, cache, chosen)
    assert image.reference == f"{registry}/legacy@sha256:{image.digest}"
    assert read_layout(image.layout).digest == f"sha256:{image.digest}"


def test_one_that_stands_on_the_base_needs_it(project, cache, program):
    program("buildah", "")
    write(project, "functions/legacy/Containerfile", "ARG BASE\nFROM ${BASE}\n")
    with pytest.raises(BadInputError, match="slipway cluster up"):
        build(project, cache, settings())


@pytest.mark.usefixtures("buildah")
def test_without_a_registry_nothing_can_be_deployed(project, cache):
    with pytest.raises(BadInputError, match=r"function 'legacy': .*set slipway:registry"):
        build(project, cache, settings(knative=None))


@pytest.mark.usefixtures("buildah")
def test_a_push_that_fails_names_the_function(project, cache, program):
    program("crane", "sys.exit('dial tcp 127.0.0.1:4614: connect: connection refused')")
    with pytest.raises(EngineError, match=r"function 'legacy': its image cannot be pushed: .*cannot be reached"):
        build(project, cache, settings()).publish()


@pytest.mark.parametrize(
    ("target", "runtime", "found"),
    [("knative", "python3.11", True), ("lambda", "python3.11", False), ("lambda", "container", True)],
)
def test_what_runs_as_an_image(project, target, runtime, found):
    made = function(project, target=target)
    made.manifest.runtime = runtime
    assert runs_as_image(made, settings()) is found
