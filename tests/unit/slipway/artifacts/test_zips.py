import zipfile

import pytest

from slipway.artifacts import zips
from slipway.artifacts.zips import ZipWriter

FILES = {"b.py": b"B", "a/é.txt": b"", "run": b"#!/bin/sh\n", "big": bytes(range(256)) * 500}


def write(path, files, **options):
    with ZipWriter(path, **options) as archive:
        for name, content in files.items():
            archive.add(name, content)
    return path


def test_standard_readers_get_back_what_was_written(tmp_path):
    with zipfile.ZipFile(write(tmp_path / "z.zip", FILES)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES


def test_bytes_are_those_of_zipfile(tmp_path):
    """The standard library's writer is the judge of the format."""
    path = tmp_path / "theirs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in FILES.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if name == "run" else 0o100644) << 16
            archive.writestr(info, content)
    assert write(tmp_path / "ours.zip", FILES).read_bytes() == path.read_bytes()


def test_going_on_gives_the_same_bytes_as_writing_at_once(tmp_path):
    names = list(FILES)
    start = write(tmp_path / "start.zip", {name: FILES[name] for name in names[:2]})
    before = start.read_bytes()
    both = write(tmp_path / "both.zip", {name: FILES[name] for name in names[2:]}, start=start)
    assert both.read_bytes() == write(tmp_path / "whole.zip", FILES).read_bytes()
    assert start.read_bytes() == before


def test_an_empty_zip_is_one(tmp_path):
    assert zipfile.ZipFile(write(tmp_path / "z.zip", {})).namelist() == []


@pytest.mark.parametrize(("limit", "value"), [("_MAX_ENTRIES", 1), ("_MAX_BYTES", 100)])
def test_what_needs_the_64_bit_format_is_refused(tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(zips, limit, value)
    with pytest.raises(ValueError, match="big: more than"):
        write(tmp_path / "z.zip", {"a": b"", "big": b"0" * 100})
