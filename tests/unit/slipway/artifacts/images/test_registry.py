import json

import pytest

from slipway.artifacts.images.bases import Bases
from slipway.artifacts.images.crane import ImageMissingError, ImageRegistryError, explain, find_crane
from slipway.artifacts.images.registry import push, reference
from slipway.core.errors import BadInputError, EngineError
from tests.unit.slipway.artifacts.images.conftest import make_layout

HEX = "ab" * 32
REFERENCE = f"registry.example.com/team/orders@sha256:{HEX}"


def test_reference():
    assert reference("registry.example.com/team/", "orders", f"sha256:{HEX}") == REFERENCE


@pytest.fixture
def crane(program, tmp_path):
    """`crane(source)`; what it was asked is in the list that `calls` gives."""
    log = tmp_path / "calls"

    def make(source):
        program("crane", f"open({str(log)!r}, 'a').write(repr(sys.argv[1:]) + '\\n')\n" + source)

    make.calls = lambda: [eval(line) for line in log.read_text().splitlines()]
    return make


def test_what_is_there_is_not_pushed(crane, tmp_path):
    crane("print('sha256:x')")
    assert push(tmp_path, REFERENCE) is False
    assert crane.calls() == [["digest", REFERENCE]]


@pytest.mark.parametrize("said", ["MANIFEST_UNKNOWN: manifest unknown", "NAME_UNKNOWN: repository unknown"])
def test_what_is_missing_is_pushed_with_a_tag_of_its_digest(crane, tmp_path, said):
    crane(f"sys.exit({said!r} if sys.argv[1] == 'digest' else 0)")
    assert push(tmp_path, REFERENCE) is True
    assert crane.calls()[1] == ["push", str(tmp_path), f"registry.example.com/team/orders:{HEX[:32]}"]


def test_a_registry_that_is_down_ends_it_at_once(crane, tmp_path):
    crane("sys.exit('dial tcp 127.0.0.1:4614: connect: connection refused')")
    with pytest.raises(ImageRegistryError, match="cannot be reached"):
        push(tmp_path, REFERENCE)
    assert len(crane.calls()) == 1


def test_a_registry_that_hangs_holds_nothing_for_ever(crane, tmp_path, monkeypatch):
    monkeypatch.setattr("slipway.artifacts.images.crane._PATIENCE_S", 1)
    crane("import time\ntime.sleep(60)")
    with pytest.raises(ImageRegistryError, match="took longer than"):
        push(tmp_path, REFERENCE)


def test_no_crane(program):
    with pytest.raises(EngineError, match="slipway toolchain install"):
        find_crane()


@pytest.mark.parametrize(
    ("said", "kind", "meaning"),
    [
        ("GET https://r/v2/x/manifests/1: MANIFEST_UNKNOWN: manifest unknown", ImageMissingError, "does not exist"),
        ("unexpected status code 404 Not Found", ImageMissingError, "does not exist"),
        ("UNAUTHORIZED: authentication required", ImageRegistryError, "sign in"),
        ("DENIED: requested access to the resource is denied", ImageRegistryError, "sign in"),
        ("403 Forbidden", ImageRegistryError, "sign in"),
        ("name unknown: The repository with name 'x' does not exist in the registry", ImageRegistryError, "create it"),
        ("http: server gave HTTP response to HTTPS client", ImageRegistryError, "loopback only"),
        ("tls: failed to verify certificate: x509: unknown authority", ImageRegistryError, "CA"),
        ("TOOMANYREQUESTS: slow down", ImageRegistryError, "later"),
        ("dial tcp: lookup r.example.com: no such host", ImageRegistryError, "cannot be reached"),
        ("unexpected EOF", ImageRegistryError, "cannot be reached"),
        ("502 Bad Gateway", ImageRegistryError, "cannot be reached"),
        ("write /x: no space left on device", ImageRegistryError, "no space left"),
        ("something new at https://me:secret@r.example.com", ImageRegistryError, "something new"),
    ],
)
def test_what_crane_says_is_explained(said, kind, meaning):
    error = explain(f"Error: {said}\n", about=REFERENCE)
    assert type(error).__mro__.index(kind) < 2
    assert REFERENCE in str(error)
    assert meaning in str(error)
    assert "secret" not in str(error)


def test_the_embedded_base_is_taken_from_the_cache(tmp_path):
    make_layout(tmp_path / "images/base-python3.11")
    found = Bases(tmp_path).find(None, runtime="python3.11", architecture="x86_64")
    assert (found.name, found.image.architecture) == ("base-python3.11", "amd64")


@pytest.mark.parametrize(("runtime", "said"), [("python3.11", "slipway cluster up"), ("python3.13", "slipway:images")])
def test_a_missing_base_says_what_to_do(tmp_path, runtime, said):
    with pytest.raises(BadInputError, match=said):
        Bases(tmp_path).find(None, runtime=runtime, architecture="x86_64")


@pytest.mark.parametrize("name", ["python:3.12", "registry.example.com/python@sha256:ab", "python@sha512:" + HEX])
def test_a_base_without_a_digest_is_refused(tmp_path, name):
    with pytest.raises(BadInputError, match="is not pinned"):
        Bases(tmp_path).find(name, runtime="python3.12", architecture="x86_64")


def test_a_base_for_another_architecture_is_refused(tmp_path):
    make_layout(tmp_path / "images/base-python3.11", architecture="arm64")
    with pytest.raises(BadInputError, match="is for arm64, found functions for x86_64"):
        Bases(tmp_path).find(None, runtime="python3.11", architecture="x86_64")


def test_a_remote_base_is_pulled_once(crane, tmp_path, layout):
    crane(f"shutil.copytree({str(layout)!r}, sys.argv[-1])")
    name = f"registry.example.com/base/python@sha256:{HEX}"
    for _ in range(2):
        found = Bases(tmp_path).find(name, runtime="python3.12", architecture="x86_64")
    assert found.name == name
    [call] = crane.calls()
    assert call[:4] == ["pull", "--format=oci", "--platform=linux/amd64", name]


def test_a_base_that_does_not_exist_names_the_setting(crane, tmp_path):
    crane("sys.exit('MANIFEST_UNKNOWN')")
    with pytest.raises(ImageMissingError, match="slipway:images"):
        Bases(tmp_path).find(f"r.example.com/p@sha256:{HEX}", runtime="python3.12", architecture="x86_64")
    assert not [path for path in (tmp_path / "images/bases").iterdir() if path.name != "locks"]


def test_half_a_base_is_pulled_again(crane, tmp_path, layout):
    half = tmp_path / f"images/bases/{HEX}-x86_64"
    (half / "blobs").mkdir(parents=True)
    crane(f"shutil.copytree({str(layout)!r}, sys.argv[-1])")
    Bases(tmp_path).find(f"r.example.com/p@sha256:{HEX}", runtime="python3.12", architecture="x86_64")
    assert json.loads((half / "index.json").read_text())["manifests"]
