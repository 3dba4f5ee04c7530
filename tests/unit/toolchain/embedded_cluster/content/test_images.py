import json

import pytest

from toolchain.embedded_cluster.content import images, oci
from toolchain.embedded_cluster.errors import EmbeddedClusterError

_CTR = """#!{python}
import hashlib, io, json, pathlib, sys, tarfile
store = pathlib.Path({store!r})
if sys.argv[1:3] == ["images", "list"]:
    print("\\n".join(sorted(path.read_text() for path in store.glob("*.name"))))
elif sys.argv[1:3] == ["images", "import"]:
    content = sys.stdin.buffer.read()
    if {refuse!r}:
        sys.exit("ctr: " + {refuse!r})
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        index = json.load(tar.extractfile("index.json"))
    name = index["manifests"][0]["annotations"]["io.containerd.image.name"]
    (store / (hashlib.md5(name.encode()).hexdigest() + ".name")).write_text(name)
    with (store / "log").open("a") as log:
        print(*sys.argv[1:], file=log)
"""


@pytest.fixture
def ctr(tmp_path):
    """A containerd of files: `ctr(refuse="...")` gives the command line that reaches it."""
    import sys

    def make(refuse=""):
        program = tmp_path / f"ctr{len(refuse)}"
        program.write_text(_CTR.format(python=sys.executable, store=str(tmp_path), refuse=refuse))
        program.chmod(0o755)
        return (str(program),)

    return make


@pytest.fixture
def binaries(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    result = {}
    for name in (*images.PROGRAMS, "envoy", "pause"):
        result[name] = folder / name
        result[name].write_bytes(name.encode())
    return result


@pytest.fixture
def base(tmp_path):
    tar = tmp_path / "base.tar"
    tar.write_bytes(b"\0" * 1024)
    layer = oci.FileLayer(tar)
    return oci.Image(((layer, oci.measure(layer)),), oci.process(()), "amd64")


def system(binaries, base, tmp_path):
    return images.system_images(binaries, base, images.Measured(tmp_path / "layers.json"))


def test_each_program_has_an_image_of_its_own_named_after_its_content(binaries, base, tmp_path):
    found = {image.name: image for image in system(binaries, base, tmp_path)}

    assert set(found) == {*images.PROGRAMS, "envoy"}
    assert len({image.reference for image in found.values()}) == len(found)
    activator = found["serving-activator"]
    assert activator.reference == f"slipway.internal/serving-activator:{activator.image.digest[7:19]}"
    assert activator.image.config["Entrypoint"] == ["/usr/local/bin/serving-activator"]


def test_only_what_administers_the_network_is_root(binaries, base, tmp_path):
    roots = [image.name for image in system(binaries, base, tmp_path) if image.image.config["User"] == "0"]

    assert roots == ["network-policies"]


def test_what_needs_a_c_library_or_time_zones_lies_on_the_base_image(binaries, base, tmp_path):
    found = {image.name: image.image.layers for image in system(binaries, base, tmp_path)}

    assert {name for name, layers in found.items() if len(layers) == 2} == {"envoy", "eventing-webhook", "mtping"}
    assert found["mtping"][0] == base.layers[0]
    assert all(len(layers) == 1 for name, layers in found.items() if name not in images.ON_BASE)


def test_references_cover_what_manifests_name(binaries, base, tmp_path):
    found = system(binaries, base, tmp_path)

    names = images.references(found)

    assert set(names) == {*images.PROGRAMS.values(), "slipway/envoy", *images.NOT_CARRIED}
    assert names["knative.dev/serving/cmd/queue"].startswith("slipway.internal/serving-queue:")


def test_digests_are_remembered_until_a_program_changes(binaries, base, tmp_path, monkeypatch):
    first = [image.reference for image in system(binaries, base, tmp_path)]
    read = []
    measure = oci.measure
    monkeypatch.setattr(oci, "measure", lambda layer: read.append(layer.program.name) or measure(layer))

    assert [image.reference for image in system(binaries, base, tmp_path)] == first
    assert read == []

    binaries["kourier"].write_bytes(b"a newer kourier")
    again = [image.reference for image in system(binaries, base, tmp_path)]

    assert read == ["kourier"]
    assert len(set(again) - set(first)) == 1


def test_damaged_memory_of_digests_is_begun_anew(binaries, base, tmp_path):
    first = [image.reference for image in system(binaries, base, tmp_path)]
    (tmp_path / "layers.json").write_text('{"half": ')

    assert [image.reference for image in system(binaries, base, tmp_path)] == first
    assert json.loads((tmp_path / "layers.json").read_text())


def test_only_missing_images_are_imported(binaries, base, tmp_path, ctr):
    found = system(binaries, base, tmp_path)
    said = []

    images.ensure(ctr(), "overlayfs", found, said.append)
    images.ensure(ctr(), "overlayfs", found, said.append)

    log = (tmp_path / "log").read_text().splitlines()
    assert log == ["images import --snapshotter overlayfs -"] * len(found)
    assert said == [f"giving {len(found)} images to containerd"]


def test_refused_image_is_named_with_what_containerd_said(binaries, base, tmp_path, ctr):
    found = system(binaries, base, tmp_path)

    with pytest.raises(
        EmbeddedClusterError, match=r"slipway\.internal/serving-activator:(.|\n)*no space left on device"
    ):
        images.ensure(ctr(refuse="no space left on device"), "overlayfs", found[:1], lambda _: None)


def test_pause_image_needs_nothing_but_its_program(binaries):
    image = images.pause(binaries["pause"])

    assert image.reference.startswith("slipway.internal/pause:")
    assert image.image.config["Entrypoint"] == ["/pause"]
    assert image.image.config["User"] == "65532"
