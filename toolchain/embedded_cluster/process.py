"""One component as a running process: its log, its restarts with growing pauses, its health."""

from __future__ import annotations

import dataclasses
import logging
import logging.handlers
import os
import signal
import subprocess
import time
from typing import IO, TYPE_CHECKING

from toolchain.embedded_cluster.context import State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from toolchain.embedded_cluster.components import Component

LOG_BYTES = 8_000_000
LOG_FILES = 2
_CHUNK = 1 << 16
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 10.0
_STEADY_S = 30.0
"""After so long a run, the next end is a first one again."""
_PATIENCE_S = 60.0
"""How long a component that was well may give no good answer before it is restarted."""
_START_S = 180.0
"""How long it may take to its first good answer; on a busy machine that is long."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a probe found.

    Attributes:
        well: Whether it is well.
        detail: What it said otherwise.
    """

    well: bool
    detail: str = ""


class Process:
    """Runs one component again and again.

    Args:
        component: What to run.
        environment: Environment variables.
        logs: Folder for its log.
    """

    def __init__(self, component: Component, environment: Mapping[str, str], logs: Path) -> None:
        self.component = component
        self.output: IO[bytes] | None = None
        self.done = False
        self._environment = environment
        self._log = _rotating(logs / f"{component.name}.log")
        self._child: subprocess.Popen[bytes] | None = None
        self._started = self._answered = self._due = 0.0
        self._pause = _FIRST_PAUSE_S
        self._well = self._was_well = self._well_in_this_run = False
        self._detail = ""
        self._restarts = 0

    @property
    def pid(self) -> int | None:
        """Its process id in the supervisor's namespace; None while it does not run."""
        return self._child.pid if self._child else None

    @property
    def was_well(self) -> bool:
        """Whether it has been well once since the node started."""
        return self._was_well

    @property
    def hangs(self) -> bool:
        """Whether it runs and was well, and is not any more."""
        return self._child is not None and self._well_in_this_run and not self._well

    @property
    def state(self) -> State:
        """How it is now."""
        if self.done or (self._child and self._well):
            return State.OK
        if self._child is None and self._restarts:
            return State.FAILED
        return State.FAILED if self._was_well or self._restarts else State.STARTING

    @property
    def detail(self) -> str:
        """What is wrong with it, or how often it was restarted."""
        restarts = f"restarted {self._restarts} times" if self._restarts else ""
        return "; ".join(filter(None, (self._detail, restarts)))

    def due(self, now: float) -> bool:
        """Whether it is time to start it."""
        return not self.done and self._child is None and now >= self._due

    def start(self, now: float) -> None:
        """Start it; `output` is what it says from now on, or None when it could not be started."""
        self._started = self._answered = now
        self._well_in_this_run = False
        self.output = None
        try:
            self._child = subprocess.Popen(
                self.component.command,
                bufsize=0,
                env=self._environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=self.component.keeps,
                start_new_session=True,
            )
        except OSError as error:
            self._again(now, f"cannot be started: {error}")
            return
        self.output = self._child.stdout
        assert self.output is not None
        os.set_blocking(self.output.fileno(), False)
        # Without a probe, to run is to be well.
        self._well = self.component.probe is None and not self.component.once
        self._was_well = self._was_well or self._well

    def drain_from(self, output: IO[bytes]) -> bool:
        """Write into its log what a run of it said; returns whether more may come."""
        try:
            data = output.read(_CHUNK)
        except OSError:
            data = b""
        if data is None:
            return True
        if data:
            self.say(data.decode("utf-8", "replace"))
        return bool(data)

    def say(self, text: str) -> None:
        """Write into its log."""
        self._log.emit(logging.makeLogRecord({"msg": text, "args": None}))

    def ended(self, now: float) -> None:
        """Take note that it ended; its next start waits a little longer each time."""
        assert self._child is not None
        status = self._child.wait()
        self._child = None
        if self.component.once and status == 0:
            self.done = self._was_well = True
            self._detail = ""
            return
        self._again(now, f"ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}")

    def _again(self, now: float, why: str) -> None:
        self._well = False
        if now - self._started >= _STEADY_S:
            self._pause = _FIRST_PAUSE_S
        self._due = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_S)
        self._restarts += 1
        self._detail = why
        self.say(f"--- {why} at {time.strftime('%Y-%m-%dT%H:%M:%S')}\n")

    def heard(self, answer: Answer, now: float) -> None:
        """Take in what a probe found; what gave no good answer for long is killed, to be started again."""
        if self._child is None:
            return
        self._well, self._detail = answer.well, answer.detail
        if answer.well:
            self._was_well = self._well_in_this_run = True
            self._answered = now
        elif now - self._answered >= (_PATIENCE_S if self._well_in_this_run else _START_S):
            self.kill()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal, if it runs; its next start is not delayed."""
        if self._child is not None:
            self._pause = _FIRST_PAUSE_S
            self._child.send_signal(number)


def _rotating(path: Path) -> logging.handlers.RotatingFileHandler:
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
    )
    handler.terminator = ""
    return handler
