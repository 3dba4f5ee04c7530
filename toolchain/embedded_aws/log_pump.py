"""Carries what a sandbox writes, from its pipes to whoever takes the lines, in order."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADER_BYTES = 16
_CHUNK = 65_536
_MAX_LINE = 256 * 1024
"""CloudWatch Logs' bound of an event."""


class LogPump:
    """Reads a sandbox's output and its framed telemetry, and hands over messages with their times.

    Output (stdout and stderr) is cut into lines; a frame is one message whatever it contains, so that a traceback
    stays together. Frames are those of AWS's runtime client: type, length, time in microseconds, message.
    """

    def __init__(self, output: int, frames: int, take: Callable[[int, str], None]) -> None:
        """Start to read.

        Args:
            output: Descriptor to read stdout and stderr from; closed at its end.
            frames: Descriptor to read frames from; closed at its end.
            take: Called with Unix milliseconds and a message, on the pump's own thread.
        """
        self._buffers = {output: b"", frames: b""}
        self._frames = frames
        self._take = take
        self._wake_read, self._wake_write = os.pipe()
        self._drained = threading.Event()
        self._ended = False
        self._flush_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="log-pump", daemon=True)
        self._thread.start()

    def flush(self, timeout_s: float = 2.0) -> None:
        """Wait until everything that is in the pipes now was handed over."""
        with self._flush_lock:
            self._drained.clear()
            if self._ended:
                return
            with contextlib.suppress(OSError):
                os.write(self._wake_write, b"f")
            self._drained.wait(timeout_s)

    def join(self, timeout_s: float = 2.0) -> None:
        """Wait for the end of both pipes, after the process ended; a grandchild may hold them open, hence the bound."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for descriptor in self._buffers:
                selector.register(descriptor, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while self._buffers:
                ready = [key.fd for key, _ in selector.select()]
                self._read(selector, ready)
                if self._wake_read in ready:
                    os.read(self._wake_read, _CHUNK)
                    while pending := [key.fd for key, _ in selector.select(0) if key.fd != self._wake_read]:
                        self._read(selector, pending)
                    self._drained.set()
        self._ended = True
        self._drained.set()
        with self._flush_lock:
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._wake_write = -1

    def _read(self, selector: selectors.BaseSelector, ready: list[int]) -> None:
        for descriptor in ready:
            if descriptor not in self._buffers:
                continue
            data = os.read(descriptor, _CHUNK)
            pending = self._buffers[descriptor] + data
            if descriptor == self._frames:
                self._buffers[descriptor] = self._hand_over_frames(pending)
            else:
                self._buffers[descriptor] = self._hand_over_lines(pending, end=not data)
            if not data:
                selector.unregister(descriptor)
                os.close(descriptor)
                del self._buffers[descriptor]

    def _hand_over_lines(self, pending: bytes, *, end: bool) -> bytes:
        *lines, rest = pending.split(b"\n")
        if rest and (end or len(rest) > _MAX_LINE):
            lines, rest = [*lines, rest], b""
        now = time.time_ns() // 1_000_000
        for line in lines:
            self._hand_over(now, line.rstrip(b"\r"))
        return rest

    def _hand_over_frames(self, pending: bytes) -> bytes:
        while len(pending) >= _HEADER_BYTES:
            length = int.from_bytes(pending[4:8], "big")
            if len(pending) < _HEADER_BYTES + length:
                break
            microseconds = int.from_bytes(pending[8:16], "big")
            self._hand_over(microseconds // 1000, pending[_HEADER_BYTES : _HEADER_BYTES + length].rstrip(b"\n"))
            pending = pending[_HEADER_BYTES + length :]
        return pending

    def _hand_over(self, milliseconds: int, message: bytes) -> None:
        for start in range(0, len(message), _MAX_LINE):
            self._take(milliseconds, message[start : start + _MAX_LINE].decode("utf-8", "replace"))
