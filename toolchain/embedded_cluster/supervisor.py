"""Process 1 of the cluster: prepares the namespaces, keeps the components running, and takes all down with it.

Started by `launch.start` in new mount, network, PID, UTS and IPC namespaces. When it ends, by whatever cause, the
kernel ends every process of its PID namespace; with the last of them go the mounts, the interfaces and the firewall
rules.
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import os
import selectors
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from toolchain.embedded_cluster import control, machine
from toolchain.embedded_cluster.components import components, environment
from toolchain.embedded_cluster.config import Config
from toolchain.embedded_cluster.probes import Prober
from toolchain.embedded_cluster.process import LOG_BYTES, LOG_FILES, Process

if TYPE_CHECKING:
    import socket

_TICK_S = 0.5
_GRACE_S = 5.0
_STOP_ORDER = (("kubelet", "kube-controller-manager", "kube-scheduler", "kube-proxy"), ("kube-apiserver",), ("etcd",))
_log = logging.getLogger("supervisor")


class Supervisor:
    """Keeps the components of one cluster running.

    Args:
        config: The cluster.
        digest: Digest of everything that this start was made from, told to those who ask.
        boot: Id of this boot.
        processes: The components.
        server: Listening control socket.
    """

    def __init__(
        self, config: Config, *, digest: str, boot: str, processes: list[Process], server: socket.socket
    ) -> None:
        self._config, self._digest, self._boot = config, digest, boot
        self._processes = {process.component.name: process for process in processes}
        self._server = server
        self._booted_at = time.time()
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._prober = Prober([process.component for process in processes], config.pki, self._wake)
        self._stopping = False

    def run(self) -> None:
        """Run until told to stop."""
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._woken)
        self._selector.register(self._server, selectors.EVENT_READ, self._request)
        self._prober.start()
        while not self._stopping:
            self._step(start=True)
        self._stop()

    def _step(self, *, start: bool) -> None:
        """Reap what ended, start what is due, take in whatever happened within the next tick."""
        self._reap()
        now = time.monotonic()
        while not self._prober.answers.empty():
            name, answer = self._prober.answers.get()
            self._processes[name].heard(answer, now)
        for process in self._processes.values() if start else ():
            if process.due(now) and all(self._processes[name].was_well for name in process.component.after):
                self._start(process, now)
        for key, _ in self._selector.select(_TICK_S):
            key.data()

    def _start(self, process: Process, now: float) -> None:
        process.start(now)
        _log.info("%s: %s", process.component.name, f"process {process.pid}" if process.pid else process.detail)
        output = process.output
        if output is None:
            return

        def drain() -> None:
            if not process.drain_from(output):
                self._selector.unregister(output)
                output.close()

        self._selector.register(output, selectors.EVENT_READ, drain)

    def _reap(self) -> None:
        """Collect children that ended, and orphans that became ours."""
        by_pid = {process.pid: process for process in self._processes.values()}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            process = by_pid.get(found.si_pid)
            if process is None:
                os.waitpid(found.si_pid, 0)
                continue
            process.ended(time.monotonic())
            if not process.done:
                _log.warning("%s %s", process.component.name, process.detail)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"w")

    def _woken(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 1 << 12)

    def _asked_to_stop(self, *_: Any) -> None:
        self._stopping = True

    def _request(self) -> None:
        connection, _ = self._server.accept()
        with connection:
            self._reap()
            answer = self._answer(control.receive(connection))
            with contextlib.suppress(OSError):
                connection.sendall(json.dumps(answer).encode())

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        match request:
            case {"do": "restart", "name": str(name)} if name in self._processes:
                _log.info("%s is restarted on request", name)
                self._processes[name].kill()
            case {"do": "stop"}:
                self._stopping = True
        return {
            "digest": self._digest,
            "boot": self._boot,
            "bootedAt": self._booted_at,
            "parts": [
                {
                    "name": name,
                    "state": process.state,
                    "pid": process.pid,
                    "detail": process.detail,
                    "hangs": process.hangs,
                }
                for name, process in self._processes.items()
            ],
        }

    def _stop(self) -> None:
        """End the programs that keep data in an order that lets them finish; the rest ends with this process."""
        _log.info("stopping")
        self._prober.close()
        deadline = time.monotonic() + _GRACE_S
        for names in _STOP_ORDER:
            for name in names:
                self._processes[name].kill(signal.SIGTERM)
            while any(self._processes[name].pid for name in names) and time.monotonic() < deadline:
                self._step(start=False)
        os._exit(0)  # the probing threads may hang; everything else is ended by the kernel now


def main() -> None:
    """Run the cluster that standard input describes: settings, digest, and listening sockets by number."""
    order = json.loads(sys.stdin.readline())
    config = Config.from_json(order["config"])
    handler = logging.handlers.RotatingFileHandler(
        config.logs / "supervisor.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
    )
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        handlers=[handler, logging.StreamHandler()],
    )
    variables = environment(config)
    boot = machine.prepare(config, variables)
    processes = [Process(component, variables, config.logs) for component in components(config, order["listeners"])]
    server = control.listen(config.control)
    Supervisor(config, digest=order["digest"], boot=boot, processes=processes, server=server).run()


if __name__ == "__main__":
    main()
