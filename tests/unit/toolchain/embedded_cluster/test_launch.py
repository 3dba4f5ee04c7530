import contextlib
import socket
import subprocess
import sys

import psutil
import pytest

from toolchain import ports
from toolchain.embedded_cluster import launch
from toolchain.embedded_cluster.errors import EmbeddedClusterError, UnsuitableMachineError


@contextlib.contextmanager
def pretender(*words):
    """A process whose command line ends like a supervisor's."""
    process = subprocess.Popen([sys.executable, "-c", "input()", *words], stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


def test_the_supervisor_is_found_by_its_folder_and_not_that_of_another_checkout(config):
    with pretender("-m", launch.MODULE, str(config.state)) as ours, pretender("-m", launch.MODULE, f"{config.state}2"):
        assert [process.pid for process in launch.find(config)] == [ours.pid]
        assert launch.supervisor(config) is None, "it is not process 1 of anything"
    assert launch.find(config) == []


def test_end_kills_what_holds_the_cluster(config, monkeypatch):
    removed = []
    monkeypatch.setattr(launch.cgroups, "remove", removed.append)
    config.state.mkdir()
    with pretender("-m", launch.MODULE, str(config.state)) as ours:
        assert launch.end(config)
        assert not psutil.pid_exists(ours.pid) or psutil.Process(ours.pid).status() == psutil.STATUS_ZOMBIE
    assert not launch.end(config)
    assert removed == [config.cgroup, config.cgroup]


def test_a_control_group_that_stays_is_named(config, monkeypatch):
    def busy(parent):
        raise OSError(16, "Device or resource busy", f"/sys/fs/cgroup/memory{parent}")

    monkeypatch.setattr(launch.cgroups, "remove", busy)
    with pytest.raises(EmbeddedClusterError, match=f"/sys/fs/cgroup/memory{config.cgroup} cannot be removed"):
        launch.clean(config, [])


def test_elsewhere_than_linux_and_without_root_it_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(launch.sys, "platform", "darwin")
    with pytest.raises(UnsuitableMachineError, match=r"^the embedded cluster needs Linux, this is darwin$"):
        launch.require_machine()
    monkeypatch.setattr(launch.sys, "platform", "linux")
    monkeypatch.setattr(launch.os, "geteuid", lambda: 1000)
    with pytest.raises(UnsuitableMachineError, match=r"^the embedded cluster needs root[^\n]*$"):
        launch.require_machine()


def test_a_missing_program_is_named(monkeypatch):
    monkeypatch.setattr(launch.os, "geteuid", lambda: 0)
    monkeypatch.setattr(launch.shutil, "which", lambda name: None if name == "nsenter" else f"/bin/{name}")
    with pytest.raises(UnsuitableMachineError, match="needs `nsenter`; install util-linux"):
        launch.require_machine()


def test_another_cluster_on_the_port_is_named_by_its_folder(monkeypatch):
    command = ("unshare", "python", "-m", launch.MODULE, "/other/.slipway/cluster")
    monkeypatch.setattr(ports, "holder", lambda port: ports.Holder(7, "unshare", command))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            EmbeddedClusterError,
            match=rf"port {port} \(api\) .*another embedded cluster \(/other/.slipway/cluster, process 7\)",
        ):
            launch._listener("api", port)
