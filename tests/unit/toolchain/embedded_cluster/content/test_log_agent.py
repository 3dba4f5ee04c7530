import json

import pytest

from toolchain.embedded_cluster.content import log_agent, oci
from toolchain.embedded_cluster.content.images import Measured


@pytest.fixture
def parts(tmp_path):
    """The collector and a base image, as small as can be."""
    program, tar = tmp_path / "otelcol", tmp_path / "base.tar"
    program.write_bytes(b"collector")
    tar.write_bytes(b"base")
    layer = oci.FileLayer(tar)
    return program, oci.Image(((layer, oci.measure(layer)),), oci.process(()), "amd64")


def made(tmp_path, parts):
    program, base = parts
    return log_agent.ensure(tmp_path / "cache", program, base, Measured(tmp_path / "layers.json"))


def test_the_collector_stands_on_the_base_image_for_its_certificates(tmp_path, parts):
    image = made(tmp_path, parts)
    assert image.layers[:-1] == parts[1].layers
    assert image.config["Entrypoint"] == ["/usr/local/bin/otelcol"]
    layout = log_agent.layout(tmp_path / "cache")
    entry = json.loads((layout / "index.json").read_text())["manifests"][0]
    assert entry["digest"] == image.digest
    for _, blob in image.layers:
        assert (layout / "blobs" / blob.digest.replace(":", "/")).stat().st_size == blob.size


def test_it_is_written_anew_only_when_it_is_another_one(tmp_path, parts):
    image = made(tmp_path, parts)
    index = log_agent.layout(tmp_path / "cache") / "index.json"
    before = index.stat().st_ino
    assert made(tmp_path, parts).digest == image.digest
    assert index.stat().st_ino == before
    parts[0].write_bytes(b"another collector")
    assert made(tmp_path, parts).digest != image.digest
    assert index.stat().st_ino != before
