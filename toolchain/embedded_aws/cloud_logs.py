"""Writes a sandbox's messages and the platform's own records to its log stream."""

from __future__ import annotations

import collections
import datetime as dt
import json
import logging
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

from moto.logs.models import logs_backends

if TYPE_CHECKING:
    from toolchain.embedded_aws.functions import DeployedFunction

TAIL_BYTES = 4096
"""Bytes of log that Invoke returns with `X-Amz-Log-Type: Tail`."""
_DEFAULT_PREFIX = "/aws/lambda/"
_SYSTEM_LEVELS = {"DEBUG": 0, "INFO": 1, "WARN": 2}
_log = logging.getLogger(__name__)


def stream_name(function: DeployedFunction) -> str:
    """Name of a new log stream, in Lambda's form: a group of its own names the function in its streams."""
    day = dt.datetime.now(tz=dt.UTC).strftime("%Y/%m/%d")
    owner = "" if function.logging.group.startswith(_DEFAULT_PREFIX) else function.name
    return f"{day}/{owner}[{function.version}]{secrets.token_hex(16)}"


class SandboxLog:
    """The log stream of one sandbox, and the last bytes of what was written for an invocation."""

    def __init__(self, function: DeployedFunction) -> None:
        self.group = function.logging.group
        self.stream = stream_name(function)
        self._function = function
        self._json = function.logging.format == "JSON"
        self._level = _SYSTEM_LEVELS.get(function.logging.system_level, 1)
        self._lock = threading.Lock()
        self._tail: collections.deque[str] = collections.deque(maxlen=1000)
        self._missing_told = False

    def begin(self) -> None:
        """Forget the tail of the invocation before."""
        with self._lock:
            self._tail.clear()

    def tail(self) -> bytes:
        """The last 4 KB that were written since `begin`."""
        with self._lock:
            return "".join(f"{line}\n" for line in self._tail).encode()[-TAIL_BYTES:]

    def message(self, milliseconds: int, message: str) -> None:
        """Write what the function itself logged or printed."""
        self._put(milliseconds, message)

    def init_start(self) -> None:
        """Record that a sandbox starts."""
        version = f"{self._function.runtime.replace('python', 'python:')}.embedded"
        record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": version}
        self._platform("INFO", "initStart", record, f"INIT_START Runtime Version: {version}")

    def init_failed(self, milliseconds: float, status: str, error_type: str) -> None:
        """Record that a sandbox did not start."""
        record = {"initializationType": "on-demand", "phase": "init", "status": status, "errorType": error_type}
        text = (
            f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: init\tStatus: {status}\tError Type: {error_type}"
        )
        self._platform("WARN", "initReport", {**record, "metrics": {"durationMs": round(milliseconds, 3)}}, text)

    def platform_error(self, request_id: str, message: str) -> None:
        """Say why an invocation was ended; in JSON logs the report tells it."""
        if not self._json:
            self._put(time.time_ns() // 1_000_000, f"RequestId: {request_id} {message}")

    def start(self, request_id: str) -> None:
        """Record that an invocation starts."""
        version = self._function.version
        record = {"requestId": request_id, "version": version}
        self._platform("INFO", "start", record, f"START RequestId: {request_id} Version: {version}")

    def report(
        self,
        request_id: str,
        *,
        duration_ms: float,
        init_ms: float | None,
        memory_mb: int,
        status: str,
        error_type: str,
    ) -> None:
        """Record the end of an invocation and what it took.

        Args:
            request_id: The invocation.
            duration_ms: Milliseconds that the handler took.
            init_ms: Milliseconds that the sandbox took to start, if it started for this invocation.
            memory_mb: The most memory that the sandbox had so far.
            status: `success`, `error`, `timeout` or `failure`.
            error_type: Type of the error that ended the sandbox, or empty.
        """
        ended = "INFO" if status == "success" else "WARN"
        billed = int(duration_ms + (init_ms or 0)) + 1
        metrics: dict[str, Any] = {"durationMs": round(duration_ms, 3), "billedDurationMs": billed}
        metrics |= {"memorySizeMB": self._function.memory_mb, "maxMemoryUsedMB": memory_mb}
        text = f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\tBilled Duration: {billed} ms"
        text += f"\tMemory Size: {self._function.memory_mb} MB\tMax Memory Used: {memory_mb} MB"
        record: dict[str, Any] = {"requestId": request_id, "status": status}
        if init_ms is not None:
            metrics["initDurationMs"] = round(init_ms, 3)
            text += f"\tInit Duration: {init_ms:.2f} ms"
        if error_type:
            record["errorType"] = error_type
            text += f"\tStatus: {status}\tError Type: {error_type}"
        done = "DEBUG" if status == "success" else "WARN"
        self._platform(done, "runtimeDone", record, f"END RequestId: {request_id}")
        self._platform(ended, "report", {**record, "metrics": metrics}, text)

    def _platform(self, level: str, kind: str, record: dict[str, Any], text: str) -> None:
        now = time.time_ns() // 1_000_000
        if not self._json:
            self._put(now, text)
        elif _SYSTEM_LEVELS[level] >= self._level:
            moment = dt.datetime.fromtimestamp(now / 1000, tz=dt.UTC)
            stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self._put(now, json.dumps({"time": stamp, "type": f"platform.{kind}", "record": record}))

    def _put(self, milliseconds: int, message: str) -> None:
        with self._lock:
            self._tail.append(message)
            backend = logs_backends[self._function.account][self._function.region]
            if self.group not in backend.groups:
                if not self.group.startswith(_DEFAULT_PREFIX):
                    self._tell_missing()
                    return
                backend.ensure_log_group(self.group)
            backend.ensure_log_stream(self.group, self.stream)
            backend.put_log_events(self.group, self.stream, [{"timestamp": milliseconds, "message": message or " "}])

    def _tell_missing(self) -> None:
        """As on AWS, a role without logs:CreateLogGroup loses what is written for a group that does not exist."""
        if not self._missing_told:
            _log.warning("%s: log group %s does not exist; its logs are lost", self._function.name, self.group)
            self._missing_told = True
