import base64
import hashlib
import io
import stat
import zipfile

import pytest

from toolchain.embedded_aws import packages
from toolchain.embedded_aws.errors import EmbeddedAwsError
from toolchain.embedded_aws.packages import PackageStore


def zipped(files, mode=0o644):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return stream.getvalue()


def digest(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@pytest.fixture
def store(tmp_path):
    store = PackageStore(tmp_path / "packages")
    yield store
    store.clear()


def test_files_are_read_only_and_unpacked_once(store):
    content = zipped({"main.py": "x", "sub/other.py": "y"})
    folder = store.unpack(content, digest(content), "f")
    assert (folder / "sub" / "other.py").read_text() == "y"
    assert stat.S_IMODE((folder / "main.py").stat().st_mode) == 0o444
    assert stat.S_IMODE((folder / "sub").stat().st_mode) == 0o555
    before = (folder / "main.py").stat().st_ino
    assert (store.unpack(content, digest(content), "f") / "main.py").stat().st_ino == before


def test_executables_stay_executable(store):
    content = zipped({"bootstrap": "x"}, mode=0o755)
    assert stat.S_IMODE((store.unpack(content, digest(content), "f") / "bootstrap").stat().st_mode) == 0o555


def test_other_bytes_than_those_deployed_are_refused(store):
    content = zipped({"main.py": "x"})
    with pytest.raises(EmbeddedAwsError, match="not the deployed one"):
        store.unpack(content, digest(b"else"), "f")


@pytest.mark.parametrize("content", [b"", b"no zip", zipped({"main.py": "x"})[:-30]])
def test_what_is_no_zip_is_refused_and_leaves_nothing(store, content, tmp_path):
    with pytest.raises(EmbeddedAwsError, match="cannot be unpacked"):
        store.unpack(content, digest(content), "function f")
    assert list((tmp_path / "packages").iterdir()) == []


def test_paths_cannot_leave_the_folder(store, tmp_path):
    content = zipped({"../../outside.py": "x"})
    folder = store.unpack(content, digest(content), "f")
    assert not (tmp_path / "outside.py").exists()
    assert (folder / "outside.py").exists()


def test_a_bomb_is_refused(store, monkeypatch, tmp_path):
    monkeypatch.setattr(packages, "_MAX_UNPACKED_BYTES", 10)
    content = zipped({"main.py": "x" * 11})
    with pytest.raises(EmbeddedAwsError, match="250 MB at the most"):
        store.unpack(content, digest(content), "f")
    assert list((tmp_path / "packages").iterdir()) == []
