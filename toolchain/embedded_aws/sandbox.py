"""One warm process that runs one version of a function under AWS's own runtime client."""

from __future__ import annotations

import dataclasses
import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from toolchain.embedded_aws import outcomes
from toolchain.embedded_aws.cloud_logs import SandboxLog
from toolchain.embedded_aws.log_pump import LogPump
from toolchain.embedded_aws.runtime_api import Invocation, RuntimeApi, RuntimeEvent

if TYPE_CHECKING:
    from toolchain.embedded_aws.functions import DeployedFunction
    from toolchain.embedded_aws.outcomes import Outcome

_LAUNCHER = Path(__file__).with_name("launcher.py")
_MEMORY_CHECK_S = 0.1
_MEGABYTE = 1024 * 1024
_ADDRESS_HEADROOM = 512 * _MEGABYTE

# The kernel ties a child's life to the thread that forked it, so all are forked by one that lives as long as we do.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """What a sandbox runs from.

    Attributes:
        python: Interpreter with the runtime client.
        task: Folder of the unpacked package.
        layers: Folders of the unpacked layers, first the one that is looked at first.
        scratch: Folder for HOME and temporary files, removed with the sandbox.
        bytecode: Folder for compiled modules, beside the read-only package.
    """

    python: Path
    task: Path
    layers: tuple[Path, ...]
    scratch: Path
    bytecode: Path


class SandboxGoneError(Exception):
    """The sandbox ended before it took the invocation; another one can run it."""


class Sandbox:
    """A process, its Runtime API and its log stream; runs one invocation at a time."""

    def __init__(
        self, function: DeployedFunction, files: Files, environment: dict[str, str], init_timeout_s: float
    ) -> None:
        """Start the process; it initialises on its own, and `invoke` waits for it.

        Args:
            function: What to run.
            files: What to run it from.
            environment: Region, credentials and endpoint of the embedded AWS.
            init_timeout_s: Seconds it may take to start before the function's own timeout begins to count.
        """
        self.function = function
        self.idle_since = time.monotonic()
        self.log = SandboxLog(function)
        self._files = files
        self._init_timeout_s = init_timeout_s
        self._fresh = True
        self._peak_mb = 0
        self._api = RuntimeApi()
        self._began = time.monotonic()
        self.log.init_start()
        variables = self._variables(environment)
        try:
            self._process, self._pump = _SPAWNER.submit(self._spawn, variables).result()
        except OSError:
            self._api.close()
            raise
        threading.Thread(target=self._watch, name="sandbox-watch", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation to its end; afterwards the sandbox is either ready for the next one or not `alive`.

        Raises:
            SandboxGoneError: The warm process had ended before it took the invocation.
        """
        self.log.begin()
        self.log.start(invocation.request_id)
        outcome = self._init() if self._fresh else None
        init_ms = (time.monotonic() - self._began) * 1000 if self._fresh else None
        fresh, self._fresh = self._fresh, False
        began = time.monotonic()
        if outcome is None:
            deadline = int((time.time() + self.function.timeout_s) * 1000)
            self._api.give(dataclasses.replace(invocation, deadline_ms=deadline))
            outcome = self._wait(invocation.request_id, began + self.function.timeout_s, may_be_gone=not fresh)
        assert outcome is not None
        self._measure()
        outcome = outcomes.for_request(outcome, invocation.request_id, self.function.timeout_s)
        duration_ms = (time.monotonic() - began) * 1000
        if outcome.ends_sandbox:
            self.stop()
        self._pump.flush()
        if outcome.message:
            self.log.platform_error(invocation.request_id, outcome.message)
        status, error_type = outcome.status, outcome.error_type if outcome.ends_sandbox else ""
        self.log.report(
            invocation.request_id, duration_ms=duration_ms, init_ms=init_ms, memory_mb=self._peak_mb, status=status,
            error_type=error_type,
        )  # fmt: skip
        self.idle_since = time.monotonic()
        return dataclasses.replace(outcome, log_tail=self.log.tail(), duration_ms=duration_ms)

    def stop(self) -> None:
        """End the process and everything that it started; does nothing when it has ended."""
        if self._process.poll() is None:
            _kill_group(self._process.pid)
            self._process.wait(timeout=10)
        self._pump.join()
        threading.Thread(target=self._api.close, name="runtime-api-close", daemon=True).start()
        shutil.rmtree(self._files.scratch, ignore_errors=True)

    def _init(self) -> Outcome | None:
        """Wait for the first request of the runtime; None when it is ready for an invocation."""
        deadline = self._began + self._init_timeout_s + self.function.timeout_s
        outcome = self._wait("", deadline)
        if outcome is not None:
            elapsed = (time.monotonic() - self._began) * 1000
            self._pump.flush()
            self.log.init_failed(elapsed, "timeout" if outcome.status == "timeout" else "error", outcome.error_type)
        return outcome

    def _wait(self, request_id: str, deadline: float, *, may_be_gone: bool = False) -> Outcome | None:
        """The end of an invocation or, without a request id, of the start: None for a start that succeeded."""
        taken, starting = False, not request_id
        while True:
            now = time.monotonic()
            if now >= deadline:
                return outcomes.timed_out()
            try:
                event = self._api.events.get(timeout=min(_MEMORY_CHECK_S, deadline - now))
            except queue.Empty:
                if self._measure() > self.function.memory_mb:
                    return outcomes.out_of_memory()
                continue
            if event.kind == "ready" and starting:
                return None
            if event.kind == "taken" and event.request_id == request_id:
                taken = True
            elif event.kind == "init-error" or (event.kind in {"response", "error"} and event.request_id == request_id):
                return outcomes.reported(event)
            elif event.kind == "exit":
                if may_be_gone and not taken:
                    raise SandboxGoneError
                return outcomes.exited(event.status)

    def _measure(self) -> int:
        """Memory that the process and its children have now, in MB; also keeps the peak."""
        try:
            process = psutil.Process(self._process.pid)
            family = [process, *process.children(recursive=True)]
            used = sum(member.memory_info().rss for member in family)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return 0
        megabytes = -(-used // _MEGABYTE)
        self._peak_mb = max(self._peak_mb, megabytes)
        return megabytes

    def _watch(self) -> None:
        status = self._process.wait()
        self._api.events.put(RuntimeEvent("exit", status=status))

    def _spawn(self, variables: dict[str, str]) -> tuple[subprocess.Popen[bytes], LogPump]:
        output_read, output_write = os.pipe()
        frames_read, frames_write = os.pipe()
        limit = 2 * self.function.memory_mb * _MEGABYTE + _ADDRESS_HEADROOM
        command = [str(self._files.python), "-I", str(_LAUNCHER), str(os.getpid()), str(limit), self.function.handler]
        process = subprocess.Popen(
            command,
            cwd=self._files.task,
            env={**variables, "_LAMBDA_TELEMETRY_LOG_FD": str(frames_write)},
            stdin=subprocess.DEVNULL,
            stdout=output_write,
            stderr=output_write,
            pass_fds=(frames_write,),
            start_new_session=True,
        )
        os.close(output_write)
        os.close(frames_write)
        return process, LogPump(output_read, frames_read, self.log.message)

    def _variables(self, environment: dict[str, str]) -> dict[str, str]:
        """The whole environment of the process; nothing of ours is inherited.

        Facts: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        """
        function, scratch = self.function, str(self._files.scratch)
        variables = {
            **function.environment,
            **environment,
            "_HANDLER": function.handler,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": function.logging.format,
            "AWS_LAMBDA_LOG_GROUP_NAME": self.log.group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log.stream,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "HOME": scratch,
            "LAMBDA_RUNTIME_DIR": str(self._files.python.parent),
            "LAMBDA_TASK_ROOT": str(self._files.task),
            "LANG": "C.UTF-8",
            "PATH": os.pathsep.join([str(self._files.python.parent), "/usr/local/bin", "/usr/bin", "/bin"]),
            "PYTHONPYCACHEPREFIX": str(self._files.bytecode),
            "TMPDIR": scratch,
            "TZ": ":UTC",
        }
        if function.logging.application_level:
            variables["AWS_LAMBDA_LOG_LEVEL"] = function.logging.application_level
        paths = [variables.get("PYTHONPATH", "")]
        for layer in self._files.layers:
            paths += [str(layer / "python"), str(layer / "python" / "lib" / function.runtime / "site-packages")]
        if any(paths):
            variables["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        return variables


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
