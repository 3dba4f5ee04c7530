"""Starts the supervisor in namespaces of its own, finds it again, and ends it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from toolchain import ports
from toolchain.embedded_cluster import cgroups
from toolchain.embedded_cluster.errors import EmbeddedClusterError, UnsuitableMachineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolchain.embedded_cluster.config import Config

MODULE = "toolchain.embedded_cluster.supervisor"
_HOST = "127.0.0.1"
_BACKLOG = 512
_ROOT = Path(__file__).resolve().parents[2]
_NAMESPACES = ("--fork", "--pid", "--mount", "--net", "--uts", "--ipc", "--mount-proc", "--kill-child=SIGKILL")
_END_S = 15.0


def require_machine() -> None:
    """Refuse what cannot work here.

    Raises:
        UnsuitableMachineError: This is not Linux, or the user is not root, or a basic program is missing.
    """
    if sys.platform != "linux":
        raise UnsuitableMachineError(f"the embedded cluster needs Linux, this is {sys.platform}")
    if os.geteuid() != 0:
        raise UnsuitableMachineError("the embedded cluster needs root: it makes namespaces and mounts; try sudo")
    for program, package in (
        ("unshare", "util-linux"),
        ("nsenter", "util-linux"),
        ("mount", "mount"),
    ):
        if shutil.which(program) is None:
            raise UnsuitableMachineError(f"the embedded cluster needs `{program}`; install {package}")


def start(config: Config, digest: str) -> subprocess.Popen[bytes]:
    """Start the supervisor of a cluster that does not run.

    Args:
        config: The cluster; its folder and its configuration files exist.
        digest: Digest of everything that this start is made from.

    Returns:
        The process that holds it; when it ends, the cluster does.

    Raises:
        EmbeddedClusterError: A port is taken.
    """
    config.logs.mkdir(parents=True, exist_ok=True)
    _kernel_modules()
    with contextlib.ExitStack() as stack:
        listeners = {use: stack.enter_context(_listener(use, port)) for use, port in config.ports.items()}
        numbers = {use: listener.fileno() for use, listener in listeners.items()}
        order = {"config": config.to_json(), "digest": digest, "listeners": numbers}
        output = stack.enter_context(start_log(config).open("wb"))
        # The folder is on the command line so that `find` knows whose supervisor it is: no file that can be stale.
        process = subprocess.Popen(
            ["unshare", *_NAMESPACES, sys.executable, "-m", MODULE, str(config.state)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            pass_fds=tuple(numbers.values()),
            start_new_session=True,
        )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin as stream:
            stream.write(json.dumps(order).encode() + b"\n")
    return process


def start_log(config: Config) -> Path:
    """What the supervisor said before it could keep a log of its own."""
    return config.logs / "start.log"


def find(config: Config) -> list[psutil.Process]:
    """The processes that hold the cluster: the supervisor, and the one that waits for it outside."""
    return list(_holding(str(config.state)))


def _holding(state: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if words[-3:] == ["-m", MODULE, state] and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue


def supervisor(config: Config) -> psutil.Process | None:
    """The supervisor itself, as the machine sees it; None when it does not run."""
    return next((process for process in find(config) if _namespaced(process.pid)[1:] == [1]), None)


def node_pids(root: psutil.Process) -> dict[int, int]:
    """Process ids on the node to those on the machine, for everything that runs below the supervisor."""
    pids = {1: root.pid}
    for process in root.children(recursive=True):
        numbers = _namespaced(process.pid)
        if len(numbers) > 1:
            pids[numbers[1]] = process.pid
    return pids


def _namespaced(pid: int) -> list[int]:
    """The ids of a process, from the machine's namespace inwards; none when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [int(word) for line in lines if line.startswith("NSpid:") for word in line.split()[1:]]


def end(config: Config) -> bool:
    """Kill whatever holds the cluster, and remove its control groups.

    Returns:
        Whether anything ran.

    Raises:
        EmbeddedClusterError: Something of it does not end.
    """
    found = find(config)
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    clean(config, found)
    return bool(found)


def clean(config: Config, ending: list[psutil.Process]) -> None:
    """Wait for processes to end, and remove the control groups of a cluster."""
    _, alive = psutil.wait_procs(ending, timeout=_END_S)
    if alive:
        pids = ", ".join(str(process.pid) for process in alive)
        raise EmbeddedClusterError(f"process {pids} of the embedded cluster does not end, even when killed")
    config.control.unlink(missing_ok=True)
    try:
        cgroups.remove(config.cgroup)
    except OSError as error:
        raise EmbeddedClusterError(
            f"control group {error.filename} cannot be removed ({error.strerror}); a process lives in it that is not "
            f"the cluster's: see its cgroup.procs"
        ) from error


def _listener(use: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise EmbeddedClusterError(f"port {port} ({use}) of the embedded cluster: {error.strerror}") from error
        raise EmbeddedClusterError(
            f"port {port} ({use}) of the embedded cluster is taken by {_holder(port)}; stop that, or choose "
            f"another port under slipway:cluster in the stack file"
        ) from error
    return listener


def _holder(port: int) -> str:
    holder = ports.holder(port)
    if holder is not None and holder.command[-3:-1] == ("-m", MODULE):
        return f"another embedded cluster ({holder.command[-1]}, process {holder.pid})"
    return str(holder or "a process that this user cannot see")


def _kernel_modules() -> None:
    """Load what the kernel would not load by itself when it is first used; built-in ones need nothing."""
    if not Path("/proc/sys/net/bridge").exists() and shutil.which("modprobe"):
        subprocess.run(["modprobe", "br_netfilter"], check=False, capture_output=True)
    if "overlay" not in Path("/proc/filesystems").read_text(encoding="utf-8") and shutil.which("modprobe"):
        subprocess.run(["modprobe", "overlay"], check=False, capture_output=True)
