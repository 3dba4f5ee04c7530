"""Locks of the state: who holds a stack, whether that process still lives, and how to free the stack if it does not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import socket
from typing import TYPE_CHECKING

import psutil
import tenacity

from slipway.core.errors import EngineError
from slipway.engine.workspace import DRIVER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from slipway.engine.backend import Backend

# Clocks of lock files have nanoseconds, those of processes hundredths of a second.
_CLOCK_TOLERANCE_S = 2.0
_GRACE_S = 30.0
_IN_MESSAGE = re.compile(
    r"created by (?P<user>[^@\s]*)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<time>\S+)", re.MULTILINE
)


@dataclasses.dataclass(frozen=True, slots=True)
class Lock:
    """Who holds a stack.

    Attributes:
        pid: Process on that host.
        user: Its user.
        host: Name of the host.
        since: When it took the lock.
    """

    pid: int
    user: str
    host: str
    since: dt.datetime

    def render(self) -> str:
        """The holder for people."""
        return f"process {self.pid} of {self.user}@{self.host} since {self.since.astimezone():%Y-%m-%d %H:%M:%S %z}"


class LockedError(EngineError):
    """Another run holds the stack.

    Attributes:
        locks: Who holds it.
    """

    def __init__(self, environment: str, locks: Sequence[Lock]) -> None:
        self.locks = list(locks)
        who = ", ".join(lock.render() for lock in self.locks) or "another run"
        super().__init__(
            f"{environment}: the stack is held by {who}; what to do: wait for it (`--wait` does), "
            f"or, if it is certainly dead, `pulumi cancel --yes {environment}`"
        )


def held(backend: Backend, stack: str) -> list[tuple[Path, Lock]]:
    """The lock files on a stack in the folder backend and who wrote them.

    A half-written one counts as held by a dead process of this host: its writer died writing it.
    """
    found = []
    for path in backend.locks(stack):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            since = _time(str(content["timestamp"]))
            lock = Lock(int(content["pid"]), str(content["username"]), str(content["hostname"]), since)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError):
            written = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)
            lock = Lock(0, "unknown", socket.gethostname(), written)
        found.append((path, lock))
    return found


def locks_in(message: str) -> list[Lock]:
    """The locks that the engine's message "the stack is currently locked" names, whatever the backend."""
    return [
        Lock(int(match["pid"]), match["user"], match["host"], _time(match["time"]))
        for match in _IN_MESSAGE.finditer(message)
    ]


def is_stale(lock: Lock) -> bool:
    """Whether the holder is a process of this host that lives no more; a number that was given again does not count."""
    if lock.host != socket.gethostname():
        return False
    process = _process(lock)
    return process is None or process.status() == psutil.STATUS_ZOMBIE


def is_abandoned(lock: Lock) -> bool:
    """Whether the holder is an engine on this host whose `slipway` has died: nobody reads what it says."""
    process = _process(lock) if lock.host == socket.gethostname() else None
    if process is None:
        return False
    try:
        mark = process.environ().get(DRIVER_VARIABLE)
    except psutil.Error:
        return False
    if mark is None:
        return False
    pid, _, started = mark.partition(":")
    try:
        driver = psutil.Process(int(pid))
        another = abs(driver.create_time() - float(started)) > _CLOCK_TOLERANCE_S
        return another or driver.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False


def stop(lock: Lock) -> None:
    """End an abandoned engine: ask it to finish what it has begun, and end it if it does not within 30 s."""
    process = _process(lock)
    if process is None:
        return
    try:
        process.terminate()
        process.wait(_GRACE_S)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(_GRACE_S)
    except psutil.NoSuchProcess:
        return


def wait(backend: Backend, environment: str, timeout_s: float) -> None:
    """Wait until nobody alive holds the stack.

    Args:
        backend: The state backend.
        environment: Name of the environment.
        timeout_s: Seconds to wait at the most.

    Raises:
        LockedError: It is still held.
    """
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(LockedError),
        wait=tenacity.wait_fixed(1),
        stop=tenacity.stop_after_delay(timeout_s),
        reraise=True,
    )
    for attempt in retrying:
        with attempt:
            if holders := [lock for _, lock in held(backend, environment) if not is_stale(lock)]:
                raise LockedError(environment, holders)


def _process(lock: Lock) -> psutil.Process | None:
    """The process that took the lock, if it lives: its number, started before the lock was taken."""
    if lock.pid <= 0:
        return None
    try:
        process = psutil.Process(lock.pid)
        started_before = process.create_time() <= lock.since.timestamp() + _CLOCK_TOLERANCE_S
    except psutil.Error:
        return None
    return process if started_before else None


def _time(text: str) -> dt.datetime:
    """A time as Go writes it, with up to nine digits of fraction."""
    moment = dt.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
