"""Control groups of the cluster: one parent in every hierarchy, for version 1, version 2 and both at once."""

from __future__ import annotations

import errno
from pathlib import Path

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from toolchain.embedded_cluster.errors import UnsuitableMachineError

_ROOT = Path("/sys/fs/cgroup")
_MOUNTS = Path("/proc/mounts")
_NEEDED = ("cpu", "memory", "pids")
_REMOVE_S = 10.0
_LOOK_S = 0.05


def hierarchies(mounts: str) -> list[Path]:
    """Mount points of control groups, from the text of `/proc/mounts`."""
    fields = (line.split() for line in mounts.splitlines())
    return [Path(field[1]) for field in fields if field[2] in {"cgroup", "cgroup2"}]


def mounted() -> list[Path]:
    """Mount points of control groups as this process sees them."""
    return hierarchies(_MOUNTS.read_text(encoding="utf-8"))


def create(parent: str) -> None:
    """Make the parent in every hierarchy, and give it the controllers that pods need.

    Args:
        parent: As in `/slipway-1a2b3c4d`.

    Raises:
        UnsuitableMachineError: There are no control groups, or this user or container cannot use them.
    """
    found = mounted()
    if not found:
        raise UnsuitableMachineError(f"no control groups are mounted below {_ROOT}; the kubelet needs them")
    for hierarchy in found:
        try:
            (hierarchy / parent.strip("/")).mkdir(exist_ok=True)
        except OSError as error:
            raise UnsuitableMachineError(f"{hierarchy} cannot be written ({error.strerror}); {_REMEDY}") from error
        if (hierarchy / "cgroup.controllers").is_file() and len(found) == 1:
            _delegate(hierarchy)


_REMEDY = "in a container, run it privileged and with a control group namespace of its own"


def _delegate(hierarchy: Path) -> None:
    """Let the children of a version 2 root have controllers; systemd has done it on most machines."""
    available = (hierarchy / "cgroup.controllers").read_text(encoding="utf-8").split()
    missing = [name for name in _NEEDED if name not in available]
    if missing:
        raise UnsuitableMachineError(f"{hierarchy} lacks the controllers {', '.join(missing)}; {_REMEDY}")
    control = hierarchy / "cgroup.subtree_control"
    enabled = control.read_text(encoding="utf-8").split()
    for name in available:
        if name in enabled:
            continue
        try:
            control.write_text(f"+{name}", encoding="utf-8")
        except OSError as error:
            if name in _NEEDED:
                raise UnsuitableMachineError(
                    f"{control}: {name} cannot be enabled ({error.strerror}); in a container, processes in its root "
                    f"group are the usual reason; move them: mkdir -p {hierarchy}/init && xargs -rn1 "
                    f"<{hierarchy}/cgroup.procs >{hierarchy}/init/cgroup.procs"
                ) from error


def remove(parent: str) -> None:
    """Remove the parent and everything below it from every hierarchy; its processes must have ended.

    Raises:
        OSError: Something still lives in it after some seconds.
    """
    for hierarchy in mounted():
        top = hierarchy / parent.strip("/")
        for attempt in Retrying(
            retry=retry_if_exception(_busy), stop=stop_after_delay(_REMOVE_S), wait=wait_fixed(_LOOK_S), reraise=True
        ):
            with attempt:
                _remove_tree(top)


def left(parent: str) -> list[Path]:
    """Where the parent still exists."""
    return [path for hierarchy in mounted() if (path := hierarchy / parent.strip("/")).is_dir()]


def _remove_tree(folder: Path) -> None:
    if not folder.is_dir():
        return
    for child in folder.iterdir():
        if child.is_dir():
            _remove_tree(child)
    folder.rmdir()


def _busy(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in {errno.EBUSY, errno.ENOENT}
