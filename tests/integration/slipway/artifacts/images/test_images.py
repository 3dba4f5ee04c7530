"""The repository's own functions as images, with their real dependencies, pushed to a real registry on loopback."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import requests
import tenacity
from click.testing import CliRunner
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from slipway.artifacts.builder import Builder
from slipway.artifacts.images import oci
from slipway.artifacts.images.bases import Bases
from slipway.artifacts.images.builder import ImageBuilder
from slipway.artifacts.images.crane import ImageRegistryError
from slipway.artifacts.images.programs import dead_letters
from slipway.artifacts.images.registry import is_there, push, reference
from slipway.artifacts.inputs import Collector
from slipway.cli.sbom import command as sbom_command
from slipway.core.errors import BadInputError
from tests.integration.slipway.artifacts.conftest import copy_project
from tests.unit.slipway.artifacts.images.conftest import make_layout

BESIDE = Path(sys.executable).parent
CRANE = next((str(path) for path in (BESIDE / "crane",) if os.access(path, os.X_OK)), None) or shutil.which("crane")
needs_crane = pytest.mark.skipif(CRANE is None, reason="no crane: slipway toolchain install brings it")


@pytest.fixture
def base(cache):
    make_layout(cache / "images/base-python3.11")
    return Bases().find(None, runtime="python3.11", architecture="x86_64")


def collected(project, name, **target):
    return Collector(project).collect(
        project.functions / name, **({"runtime": "python3.11", "architecture": "x86_64", "plain": False} | target)
    )


def unpack(layout, target):
    """The files of an image, as a container would see them."""
    for layer in oci.read_layout(layout).layers:
        with tarfile.open(layer.source) as tar:
            tar.extractall(target, filter="tar")
    return target


def test_the_same_bytes_from_another_checkout_under_another_umask(project, base, tmp_path):
    one = ImageBuilder(project).build(collected(project, "hello"), base)
    other = copy_project(tmp_path / "elsewhere/deep/project")
    for path in other.root.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o700)
    before = os.umask(0o077)
    try:
        two = ImageBuilder(other, tmp_path / "other cache").build(collected(other, "hello"), base)
    finally:
        os.umask(before)
    assert one.digest == two.digest
    names = [sorted(p.relative_to(i.layout).as_posix() for p in i.layout.rglob("*") if p.is_file()) for i in (one, two)]
    assert names[0] == names[1]
    for name in set(names[0]) - {"slipway.json"}:
        assert (one.layout / name).read_bytes() == (two.layout / name).read_bytes()


def test_nothing_changed_is_no_build_and_the_code_is_the_packages(project, base):
    inputs = collected(project, "hello")
    first, second = (ImageBuilder(project).build(inputs, base) for _ in range(2))
    assert (first.built, second.built, first.digest == second.digest) == (True, False, True)
    manifest = json.loads(oci.blob(first.layout, first.digest).read_bytes())
    assert manifest["annotations"]["io.slipway.code"] == inputs.digest
    assert manifest["annotations"]["io.slipway.sbom"] == "/app/sbom.cdx.json"
    with zipfile.ZipFile(Builder(project).build(inputs).package.path) as package:
        own = {name for name in package.namelist() if name in inputs.files}
    with tarfile.open(oci.read_layout(first.layout).layers[-1].source) as code:
        in_image = {member.name.removeprefix("app/") for member in code if member.isfile()} - {"sbom.cdx.json"}
    assert in_image == set(inputs.files)
    # The server is of no use on Lambda, and stays out of its package.
    assert {name for name in in_image if not name.startswith("slipway_runtime/server")} == own


def test_the_bill_of_materials_of_an_image_names_server_and_base_too(project, base, monkeypatch):
    monkeypatch.chdir(project.root)
    said = CliRunner().invoke(sbom_command, ["hello", "-s", "local-knative"], catch_exceptions=False).output
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(said) is None
    parts = {part["name"]: part for part in json.loads(said)["components"]}
    assert {"flask", "gunicorn", "pyjwt", "base image"} <= set(parts)
    assert parts["base image"]["hashes"][0]["content"] == base.digest.removeprefix("sha256:")
    inputs = collected(project, "hello")
    with tarfile.open(oci.read_layout(ImageBuilder(project).build(inputs, base).layout).layers[-1].source) as code:
        assert code.extractfile("app/sbom.cdx.json").read().decode() == said


def test_layers_are_shared_and_only_the_code_differs(project, base):
    hello = ImageBuilder(project).build(collected(project, "hello"), base)
    (project.functions / "hello/main.py").open("a").write("\nCHANGED = True\n")
    changed = ImageBuilder(project).build(collected(project, "hello"), base)
    audit = ImageBuilder(project).build(collected(project, "audit"), base)
    layers = [[layer.digest for layer in oci.read_layout(image.layout).layers] for image in (hello, changed, audit)]
    assert len(layers[0]) == 4
    assert layers[0][:3] == layers[1][:3] == layers[2][:3]
    assert len({digests[3] for digests in layers}) == 3


def test_how_it_starts(project, base):
    config = oci.read_layout(ImageBuilder(project).build(collected(project, "hello"), base).layout).config
    assert (config["architecture"], config["os"]) == ("amd64", "linux")
    settings = config["config"]
    assert settings["User"] == "65532"
    assert settings["Entrypoint"] == ["python3.11", "-m", "slipway_runtime.server"]
    assert settings["WorkingDir"] == "/app"
    assert "PATH=/usr/bin" in settings["Env"]
    assert len(config["history"]) == len(config["rootfs"]["diff_ids"])


def test_an_image_has_all_that_the_server_needs_and_nothing_of_this_machine(project, base, tmp_path):
    """Run from the image's files alone, without this environment's packages."""
    files = unpack(ImageBuilder(project).build(collected(project, "orders"), base).layout, tmp_path / "files")
    code = (
        "import sys; sys.path.insert(0, '.'); import slipway_runtime.server as s, gunicorn, pydantic; "
        "t = s.Tokens('https://x', ['a']); import jwt; print(jwt.__file__, pydantic.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code],
        cwd=files / "app",
        env={"SLIPWAY_SERVER_PATH": str(files / "opt/slipway")},
        capture_output=True,
        text=True,
        check=False,
    )
    jwt, pydantic = done.stdout.split() or pytest.fail(done.stderr)
    assert jwt.startswith(str(files / "opt/slipway"))
    assert pydantic.startswith(str(files / "app"))


def test_packages_for_lambda_carry_nothing_of_it(project):
    with zipfile.ZipFile(Builder(project).build(collected(project, "hello")).package.path) as archive:
        tops = {name.split("/")[0].split("-")[0] for name in archive.namelist()}
    assert not tops & {"gunicorn", "jwt", "PyJWT", "cryptography", "cffi", "slipway_deadletters"}


def test_another_base_is_another_image(project, base, tmp_path):
    inputs = collected(project, "hello")
    first = ImageBuilder(project).build(inputs, base)
    make_layout(tmp_path / "new/images/base-python3.11", files=[("etc/debian_version", b"13\n")])
    new = Bases(tmp_path / "new").find(None, runtime="python3.11", architecture="x86_64")
    second = ImageBuilder(project).build(inputs, new)
    assert (second.built, first.digest != second.digest) == (True, True)


def test_a_plain_handler_is_refused(project, base):
    (project.functions / "plain").mkdir()
    (project.functions / "plain/main.py").write_text("def f(event, context):\n    return 1\n")
    with pytest.raises(BadInputError, match="only Lambda can call"):
        ImageBuilder(project).build(collected(project, "plain", plain=True), base)


def test_own_files_that_hide_a_dependency_are_refused_as_for_packages(project, base):
    (project.functions / "hello/flask.py").write_text("")
    with pytest.raises(BadInputError) as caught:
        ImageBuilder(project).build(collected(project, "hello"), base)
    assert [finding.rule for finding in caught.value.findings] == ["hides-dependency"]


def test_the_dead_letter_service_is_an_image_too(project, base):
    built = ImageBuilder(project).build(dead_letters(project), base)
    config = oci.read_layout(built.layout).config["config"]
    assert config["Entrypoint"] == ["python3.11", "-m", "slipway_deadletters"]
    assert not ImageBuilder(project).build(dead_letters(project), base).built


@pytest.fixture
def registry(tmp_path):
    """Address of a registry on loopback."""
    with (tmp_path / "registry.log").open("w+b") as log:
        process = subprocess.Popen(
            [CRANE, "registry", "serve", "--address", "127.0.0.1:0"], stdout=log, stderr=subprocess.STDOUT
        )

        @tenacity.retry(stop=tenacity.stop_after_delay(60), wait=tenacity.wait_fixed(0.1), reraise=True)
        def address():
            said = (tmp_path / "registry.log").read_text()
            port = said.rpartition("port ")[2].split()[0].strip('"')
            requests.get(f"http://127.0.0.1:{port}/v2/", timeout=5).raise_for_status()
            return f"127.0.0.1:{port}"

        yield address()
        process.terminate()
        process.wait(timeout=30)


@needs_crane
def test_pushed_once_and_served_by_its_digest(project, base, registry):
    built = ImageBuilder(project).build(collected(project, "hello"), base)
    name = reference(f"{registry}/team", "hello", built.digest)
    assert not is_there(name)
    assert [push(built.layout, name), push(built.layout, name)] == [True, False]
    assert is_there(name)
    answer = requests.get(f"http://{registry}/v2/team/hello/manifests/{built.digest}", timeout=10)
    assert answer.headers["Docker-Content-Digest"] == built.digest


@needs_crane
def test_a_base_from_a_registry_gives_the_same_image_as_from_its_layout(project, base, registry, tmp_path):
    name = f"{registry}/base/python@{base.digest}"
    push(base.layout, name)
    pulled = Bases(tmp_path / "pulled").find(name, runtime="python3.11", architecture="x86_64")
    inputs = collected(project, "hello")
    assert (
        ImageBuilder(project, tmp_path / "pulled").build(inputs, pulled).digest
        == ImageBuilder(project).build(inputs, base).digest
    )


@needs_crane
def test_a_registry_that_is_down_is_told(project, base):
    with pytest.raises(ImageRegistryError, match=r"127\.0\.0\.1:1/hello@sha256:.* cannot be reached"):
        push(base.layout, reference("127.0.0.1:1", "hello", base.digest))
