import io
import json
import sys
import tarfile

import pytest

from toolchain.embedded_cluster.content import base_image
from toolchain.embedded_cluster.errors import EmbeddedClusterError

_FILES = {
    "usr/bin/python3.11": b"python",
    "bin/dash": b"dash",
    "lib/x86_64-linux-gnu/libc.so.6": b"libc",
    "usr/lib/python3.11/json/__init__.py": b"json",
    "usr/lib/python3.11/idlelib/big.py": b"dropped",
    "usr/share/doc/python3.11/copyright": b"licence",
    "usr/share/doc/python3.11/changelog.gz": b"dropped",
    "usr/share/man/man1/python.1.gz": b"dropped",
    "usr/share/locale/de/x.mo": b"dropped",
    "usr/share/zoneinfo/Europe/Berlin": b"zone",
    "usr/share/zoneinfo/right/Europe/Berlin": b"dropped",
    "usr/share/ca-certificates/mozilla/b.crt": b"B\n",
    "usr/share/ca-certificates/mozilla/a.crt": b"A\n\n",
    "usr/share/base-passwd/passwd.master": b"root:*:0:0:root:/root:/bin/bash\n",
    "usr/share/base-passwd/group.master": b"root:*:0:\n",
    "var/lib/dpkg/status": b"dropped",
    "var/cache/apt/x": b"dropped",
    "etc/machine-id": b"dropped",
    "etc/debian_version": b"12\n",
}


def raw_tar(path, *, time=0, order=None, prefix="./"):
    with tarfile.open(path, "w") as tar:
        for name in order or _FILES:
            info = tarfile.TarInfo(prefix + name)
            info.size, info.mode, info.mtime, info.uname = len(_FILES[name]), 0o644, time, "somebody"
            tar.addfile(info, io.BytesIO(_FILES[name]))
        shell = tarfile.TarInfo(f"{prefix}bin/sh")
        shell.type, shell.linkname = tarfile.SYMTYPE, "dash"
        tar.addfile(shell)
        second = tarfile.TarInfo(f"{prefix}bin/dash2")
        second.type, second.linkname = tarfile.LNKTYPE, f"{prefix}bin/dash"
        tar.addfile(second)
        null = tarfile.TarInfo(f"{prefix}dev/null")
        null.type = tarfile.CHRTYPE
        tar.addfile(null)
    return path


@pytest.fixture
def composed(tmp_path):
    """Members of the layer that is made of `_FILES`: name to (entry, content)."""
    base_image._compose(raw_tar(tmp_path / "raw.tar"), tmp_path / "layer.tar")
    with tarfile.open(tmp_path / "layer.tar") as tar:
        return {m.name: (m, tar.extractfile(m).read() if m.isfile() else None) for m in tar.getmembers()}


def test_same_packages_give_the_same_bytes_whatever_their_order_and_times(tmp_path):
    base_image._compose(raw_tar(tmp_path / "a.tar"), tmp_path / "a.layer")
    base_image._compose(raw_tar(tmp_path / "b.tar", time=99, order=sorted(_FILES, reverse=True)), tmp_path / "b.layer")

    assert (tmp_path / "a.layer").read_bytes() == (tmp_path / "b.layer").read_bytes()


def test_keeps_what_functions_read_and_drops_the_rest(composed):
    kept = {content for _, content in composed.values()}

    assert b"dropped" not in kept
    assert {b"python", b"json", b"licence", b"zone", b"libc"} <= kept
    assert not any(name.startswith("dev/") for name in composed)


def test_old_folders_are_links_into_usr(composed):
    for name in ("bin", "sbin", "lib", "lib64"):
        assert composed[name][0].linkname == f"usr/{name}"
    assert composed["usr/bin/dash"][1] == b"dash"
    assert composed["usr/bin/sh"][0].linkname == "dash"
    assert composed["usr/bin/dash2"][0].linkname == "usr/bin/dash"
    assert not any(name.startswith(("bin/", "lib/")) for name in composed)


def test_does_what_maintainer_scripts_would(composed):
    assert composed["etc/ssl/certs/ca-certificates.crt"][1] == b"A\nB\n"
    assert composed["etc/passwd"][1].splitlines() == [
        b"root:*:0:0:root:/root:/bin/bash",
        b"nonroot:x:65532:65532:nonroot:/tmp:/usr/sbin/nologin",
    ]
    assert composed["etc/group"][1].splitlines()[-1] == b"nonroot:x:65532:"
    assert composed["usr/bin/python3"][0].linkname == "python3.11"
    assert composed["tmp"][0].mode == 0o1777


def test_owner_is_root_without_names(composed):
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m, _ in composed.values()} == {(0, 0, "", "", 0)}


@pytest.fixture
def mmdebstrap(tmp_path):
    """A program that copies the packages of `_FILES` and counts how often it is asked."""
    raw = raw_tar(tmp_path / "packages.tar")
    program = tmp_path / "mmdebstrap"
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, shutil, sys\n"
        "target = next(a for a in sys.argv if a.endswith('raw.tar'))\n"
        f"shutil.copy({str(raw)!r}, target)\n"
        f"log = pathlib.Path({str(tmp_path)!r}, 'asked')\n"
        "log.write_text((log.read_text() if log.exists() else '') + ' '.join(sys.argv[1:]) + '\\n')\n"
    )
    program.chmod(0o755)
    return program


def test_image_is_made_once_and_found_again(tmp_path, mmdebstrap):
    cache, said = tmp_path / "cache", []

    first = base_image.ensure(cache, mmdebstrap, said.append)
    again = base_image.ensure(cache, mmdebstrap, said.append)

    assert first.digest == again.digest
    assert len(said) == len((tmp_path / "asked").read_text().splitlines()) == 1
    index = json.loads((base_image.layout(cache) / "index.json").read_text())
    assert index["manifests"][0]["digest"] == first.digest
    assert first.config["User"] == "65532"


def test_another_recipe_makes_it_anew(tmp_path, mmdebstrap, monkeypatch):
    cache = tmp_path / "cache"
    base_image.ensure(cache, mmdebstrap, lambda _: None)
    monkeypatch.setattr(base_image, "recipe", lambda: "another")

    assert base_image.load(cache) is None
    base_image.ensure(cache, mmdebstrap, lambda _: None)
    assert base_image.load(cache) is not None


def test_cut_layer_is_made_anew(tmp_path, mmdebstrap):
    cache = tmp_path / "cache"
    made = base_image.ensure(cache, mmdebstrap, lambda _: None)
    blob = base_image.layout(cache) / "blobs" / made.layers[0][1].digest.replace(":", "/")
    blob.write_bytes(blob.read_bytes()[:100])

    assert base_image.load(cache) is None
    assert base_image.ensure(cache, mmdebstrap, lambda _: None).digest == made.digest


def test_missing_image_is_none(tmp_path):
    assert base_image.load(tmp_path) is None


def test_failure_shows_what_mmdebstrap_said_and_leaves_nothing(tmp_path):
    program = tmp_path / "mmdebstrap"
    program.write_text("#!/bin/sh\necho 'E: no mirror answers' >&2\nexit 1\n")
    program.chmod(0o755)

    with pytest.raises(EmbeddedClusterError, match="no mirror answers"):
        base_image.ensure(tmp_path / "cache", program, lambda _: None)
    assert base_image.load(tmp_path / "cache") is None
    assert [path.name for path in (tmp_path / "cache" / "images").iterdir()] == [".base-python3.11.lock"]
