import hashlib
import json

import pytest

from slipway.artifacts.images import oci
from slipway.core.errors import BadInputError
from tests.unit.slipway.artifacts.images.conftest import make_layout


def test_what_is_written_is_read_back(layout):
    image = oci.read_layout(layout)
    assert image.architecture == "amd64"
    assert [layer.media_type for layer in image.layers] == [oci.LAYER]
    assert image.config["rootfs"] == {"type": "layers", "diff_ids": [image.layers[0].diff_id]}
    assert hashlib.sha256(oci.blob(layout, image.digest).read_bytes()).hexdigest() == image.digest.partition(":")[2]
    assert json.loads((layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}


def test_the_same_image_elsewhere_has_the_same_digest(tmp_path):
    one, two = make_layout(tmp_path / "one"), make_layout(tmp_path / "deeper/two")
    assert oci.read_layout(one).digest == oci.read_layout(two).digest
    names = [sorted(path.relative_to(folder) for path in folder.rglob("*")) for folder in (one, two)]
    assert names[0] == names[1]


def test_a_layer_twice_is_kept_once(tmp_path, layout):
    [layer] = oci.read_layout(layout).layers
    (tmp_path / "twice").mkdir()
    oci.write_layout(tmp_path / "twice", {"architecture": "amd64"}, [layer, layer], {})
    assert len(oci.read_layout(tmp_path / "twice").layers) == 2
    assert len(list((tmp_path / "twice/blobs/sha256").iterdir())) == 3


def test_files_are_copied_where_they_cannot_be_shared(tmp_path, layout, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(oci.os, "link", refuse)
    (tmp_path / "copy").mkdir()
    image = oci.read_layout(layout)
    oci.write_layout(tmp_path / "copy", image.config, image.layers, {})
    assert oci.read_layout(tmp_path / "copy").layers[0].digest == image.layers[0].digest


def test_docker_names_become_those_of_oci(layout):
    image = oci.read_layout(layout)
    raw = oci.blob(layout, image.digest).read_bytes()
    renamed = raw.replace(oci.LAYER.encode(), b"application/vnd.docker.image.rootfs.diff.tar.gzip")
    renamed = renamed.replace(oci.MANIFEST.encode(), b"application/vnd.docker.distribution.manifest.v2+json")
    digest = f"sha256:{hashlib.sha256(renamed).hexdigest()}"
    oci.blob(layout, digest).write_bytes(renamed)
    index = json.loads((layout / "index.json").read_text())
    index["manifests"][0] |= {"digest": digest, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}
    (layout / "index.json").write_text(json.dumps(index))
    assert oci.read_layout(layout).layers[0].media_type == f"{oci.LAYER}+gzip"


def damage(layout, part):
    image = oci.read_layout(layout)
    match part:
        case "no index":
            (layout / "index.json").unlink()
        case "no json":
            (layout / "index.json").write_text("{")
        case "two images":
            index = json.loads((layout / "index.json").read_text())
            (layout / "index.json").write_text(json.dumps({"manifests": index["manifests"] * 2}))
        case "another manifest":
            oci.blob(layout, image.digest).write_text("{}")
        case "short layer":
            oci.blob(layout, image.layers[0].digest).write_bytes(b"")
        case "no layer":
            oci.blob(layout, image.layers[0].digest).unlink()


@pytest.mark.parametrize("part", ["no index", "no json", "two images", "another manifest", "short layer", "no layer"])
def test_a_damaged_layout_is_named(layout, part):
    damage(layout, part)
    with pytest.raises(BadInputError, match="base: "):
        oci.read_layout(layout)
