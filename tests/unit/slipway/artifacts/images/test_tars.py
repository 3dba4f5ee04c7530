import hashlib
import itertools
import os
import tarfile
import time

from slipway.artifacts.images.tars import EPOCH, write_layer

FILES = {
    "main.py": b"print()\n",
    "run": b"#!/bin/sh\n",
    "lib.so": b"\x7fELF",
    "ü/é.txt": b"",
    "a" * 60 + "/" + "b" * 90: b"long",
}


def test_owner_modes_times_and_folders_are_fixed(tmp_path):
    path = tmp_path / "layer.tar"
    assert write_layer(path, FILES.items(), root="/app") == sum(map(len, FILES.values()))
    with tarfile.open(path) as tar:
        found = {member.name: member for member in tar}
        assert {name: tar.extractfile(f"app/{name}").read() for name in FILES} == FILES
    assert all((m.uid, m.gid, m.uname, m.gname, m.mtime) == (0, 0, "", "", EPOCH) for m in found.values())
    assert {name for name, member in found.items() if member.isdir()} == {"app", "app/ü", "app/" + "a" * 60}
    assert {member.mode for member in found.values() if member.isdir()} == {0o755}
    modes = {name: found[f"app/{name}"].mode for name in ("main.py", "run", "lib.so")}
    assert modes == {"main.py": 0o644, "run": 0o755, "lib.so": 0o755}


def test_the_order_in_which_files_come_does_not_count(tmp_path):
    digests = set()
    for number, files in enumerate(itertools.permutations(list(FILES.items())[:4])):
        path = tmp_path / f"{number}.tar"
        write_layer(path, files, root="/app")
        digests.add(path.read_bytes())
    assert len(digests) == 1


def test_time_zone_umask_and_user_do_not_count(tmp_path, monkeypatch):
    write_layer(tmp_path / "one.tar", FILES.items(), root="/app")
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    before = os.umask(0o077)
    try:
        write_layer(tmp_path / "two.tar", FILES.items(), root="/app")
    finally:
        os.umask(before)
        monkeypatch.delenv("TZ")
        time.tzset()
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_the_bytes_are_those_that_are_known(tmp_path):
    """Another Python that wrote other bytes would change every digest; then IMAGE_VERSION must be raised."""
    path = tmp_path / "layer.tar"
    write_layer(path, FILES.items(), root="/app")
    assert (
        hashlib.sha256(path.read_bytes()).hexdigest()
        == "cd9242737e82666ae8330f2cba611efcff85cf23b69a701a62226a5d745345c8"
    )


def test_a_folder_comes_before_what_is_in_it(tmp_path):
    write_layer(tmp_path / "l.tar", [("a-b", b""), ("a/b", b""), ("a.b", b"")], root="/app")
    with tarfile.open(tmp_path / "l.tar") as tar:
        names = tar.getnames()
    assert names.index("app/a") < names.index("app/a/b")
    assert names == sorted(names)
