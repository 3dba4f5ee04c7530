import os
import sys
import textwrap

import pytest

from slipway.artifacts.images import oci, tars
from slipway.artifacts.images.bases import Base
from slipway.artifacts.store import file_sha256


def make_layout(folder, *, architecture="amd64", files=(("etc/debian_version", b"12.5\n"),), env=("PATH=/usr/bin",)):
    """A small image with one layer; returns its folder."""
    folder.mkdir(parents=True)
    tar = folder.parent / f"{folder.name}.tar"
    tars.write_layer(tar, files, root="/")
    digest = f"sha256:{file_sha256(tar)}"
    layer = oci.Layer(digest, tar.stat().st_size, oci.LAYER, digest, tar)
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Env": list(env)},
        "history": [{"created_by": "x"}],
    }
    oci.write_layout(folder, config, [layer], {})
    return folder


@pytest.fixture
def layout(tmp_path):
    return make_layout(tmp_path / "base")


@pytest.fixture
def base(layout):
    return Base("base", layout, oci.read_layout(layout))


@pytest.fixture
def program(tmp_path, monkeypatch):
    """`program(name, python)` puts a program on an otherwise empty PATH; it sees its words as `sys.argv[1:]`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    # Not the one beside this Python, which the toolchain may have put there.
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no/python"))
    python = os.path.realpath(sys._base_executable)

    def add(name, source):
        path = folder / name
        path.write_text(f"#!{python}\nimport pathlib, shutil, sys\n" + textwrap.dedent(source))
        path.chmod(0o755)
        return path

    return add
