import hashlib
import io
import json
import os
import tarfile

import pytest

from toolchain.embedded_cluster.content import oci


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program"
    path.write_bytes(b"\x7fELF" + bytes(range(256)) * 9)
    return path


def image_of(program):
    layer = oci.ProgramLayer(program, "usr/local/bin/program")
    return oci.Image(((layer, oci.measure(layer)),), oci.process(("/usr/local/bin/program",)), "amd64")


def archive_of(image):
    out = io.BytesIO()
    oci.write_archive(image, "slipway.internal/program:1", out)
    return out.getvalue()


def test_layer_is_a_tar_of_one_executable_owned_by_root(program):
    content = b"".join(oci.ProgramLayer(program, "usr/local/bin/program").chunks())

    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        (member,) = tar.getmembers()
        assert (member.name, member.mode, member.uid, member.gid, member.mtime) == (
            "usr/local/bin/program",
            0o755,
            0,
            0,
            0,
        )
        assert tar.extractfile(member).read() == program.read_bytes()


def test_measured_digest_and_size_are_those_of_the_bytes(program):
    layer = oci.ProgramLayer(program, "p")
    content = b"".join(layer.chunks())

    assert oci.measure(layer) == oci.Blob(f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))


def test_same_program_elsewhere_gives_the_same_bytes(program, tmp_path):
    other = tmp_path / "deep" / "other-name"
    other.parent.mkdir()
    other.write_bytes(program.read_bytes())
    other.chmod(0o500)
    os.utime(other, (1_000_000_000, 1_000_000_000))

    assert archive_of(image_of(program)) == archive_of(image_of(other))


def test_another_program_gives_another_digest(program):
    before = image_of(program).digest
    program.write_bytes(b"other")

    assert image_of(program).digest != before


def test_archive_is_a_layout_whose_blobs_have_the_digests_that_name_them(program):
    image = image_of(program)

    with tarfile.open(fileobj=io.BytesIO(archive_of(image))) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar.getmembers()}

    blobs = {name: content for name, content in files.items() if name.startswith("blobs/sha256/")}
    assert len(blobs) == 3
    assert all(hashlib.sha256(content).hexdigest() == name.rpartition("/")[2] for name, content in blobs.items())
    (entry,) = json.loads(files["index.json"])["manifests"]
    assert entry["digest"] == image.digest
    assert entry["annotations"]["io.containerd.image.name"] == "slipway.internal/program:1"
    manifest = json.loads(files[f"blobs/{image.digest.replace(':', '/')}"])
    config = json.loads(files[f"blobs/{manifest['config']['digest'].replace(':', '/')}"])
    assert config["config"]["User"] == "65532"
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]


def test_layer_used_twice_is_written_once(program):
    layer = oci.ProgramLayer(program, "p")
    blob = oci.measure(layer)
    image = oci.Image(((layer, blob), (layer, blob)), oci.process(()), "amd64")

    with tarfile.open(fileobj=io.BytesIO(archive_of(image))) as tar:
        names = tar.getnames()

    assert len(names) == len(set(names))


def test_layout_on_disk_has_the_bytes_of_the_archive(program, tmp_path):
    image = image_of(program)
    folder = tmp_path / "layouts" / "program"

    oci.write_layout(image, "slipway.internal/program:1", folder)

    with tarfile.open(fileobj=io.BytesIO(archive_of(image))) as tar:
        for member in tar.getmembers():
            assert (folder / member.name).read_bytes() == tar.extractfile(member).read()
    assert [path.name for path in folder.parent.iterdir()] == ["program"]


def test_layout_replaces_an_older_one_whole(program, tmp_path):
    folder = tmp_path / "layout"
    oci.write_layout(image_of(program), "a:1", folder)
    program.write_bytes(b"new")

    oci.write_layout(image_of(program), "a:2", folder)

    assert json.loads((folder / "index.json").read_text())["manifests"][0]["digest"] == image_of(program).digest
    assert len(list((folder / "blobs" / "sha256").iterdir())) == 3
