from pathlib import Path

import pytest

from toolchain.embedded_cluster import cgroups
from toolchain.embedded_cluster.errors import UnsuitableMachineError

VERSION_1_AND_2 = """\
proc /proc proc rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
"""


def test_hierarchies_of_both_versions_are_found():
    assert cgroups.hierarchies(VERSION_1_AND_2) == [
        Path("/sys/fs/cgroup/cpu,cpuacct"),
        Path("/sys/fs/cgroup/memory"),
        Path("/sys/fs/cgroup/unified"),
    ]


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Two hierarchies of version 1, as folders."""
    found = [tmp_path / "cpu", tmp_path / "memory"]
    for folder in found:
        folder.mkdir()
    monkeypatch.setattr(cgroups, "mounted", lambda: found)
    return found


@pytest.fixture
def unified(tmp_path, monkeypatch):
    """A version 2 hierarchy, as a folder; the kernel's files in it take whatever is written."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids rdma")
    (tmp_path / "cgroup.subtree_control").write_text("memory")
    monkeypatch.setattr(cgroups, "mounted", lambda: [tmp_path])
    return tmp_path


def test_the_parent_is_made_and_removed_in_every_hierarchy(two):
    cgroups.create("/slipway-1")
    assert cgroups.left("/slipway-1") == [folder / "slipway-1" for folder in two]
    (two[0] / "slipway-1" / "kubepods" / "pod1").mkdir(parents=True)
    cgroups.remove("/slipway-1")
    assert cgroups.left("/slipway-1") == []
    assert all(folder.is_dir() for folder in two)
    cgroups.remove("/slipway-1")


def test_of_version_2_controllers_that_are_off_are_switched_on(unified, monkeypatch):
    written = []
    real = Path.write_text
    monkeypatch.setattr(
        Path,
        "write_text",
        lambda path, text, **more: (
            written.append(text) if path.name == "cgroup.subtree_control" else real(path, text, **more)
        ),
    )
    cgroups.create("/slipway-1")
    assert written == ["+cpu", "+pids", "+rdma"]


def test_of_version_2_a_missing_controller_is_named(unified):
    (unified / "cgroup.controllers").write_text("cpu")
    with pytest.raises(
        UnsuitableMachineError, match="lacks the controllers memory, pids; in a container, run it privileged"
    ):
        cgroups.create("/slipway-1")


def test_of_version_2_a_busy_root_is_named_but_a_controller_that_no_pod_needs_does_not_matter(unified, monkeypatch):
    (unified / "cgroup.controllers").write_text("rdma cpu memory pids")
    busy, written = {"+rdma"}, []

    def write(path, text, **more):
        if text in busy:
            raise OSError(16, "Device or resource busy")
        written.append(text)

    monkeypatch.setattr(Path, "write_text", write)
    cgroups.create("/slipway-1")
    assert written == ["+cpu", "+pids"]
    busy.add("+cpu")
    with pytest.raises(UnsuitableMachineError, match=r"cpu cannot be enabled.*move them: mkdir -p"):
        cgroups.create("/slipway-2")


def test_a_machine_without_control_groups_is_refused(monkeypatch):
    monkeypatch.setattr(cgroups, "mounted", list)
    with pytest.raises(UnsuitableMachineError, match="no control groups"):
        cgroups.create("/slipway-1")
