"""The log agent as a process of its own, on a file of lines, with a store that takes everything."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import requests
import yaml

from benchmarks.clusters import free_ports
from benchmarks.harness import CommandError, NotMeasuredError
from components.knative.agent.collector import FEATURES, Place, Routed, render
from components.log_sink.args import LogSinkArgs
from slipway.core import paths
from slipway.core.redaction import KEYS, PATTERNS
from toolchain import cluster_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMESPACE = "bench"
_POD = f"{NAMESPACE}_orders-0123456789-deployment-6b9f8c7d5-abcde_6a2f41a3-c54c-4f39-8a1c-0d8c5e2f7b11/user-container"
_LOOK_S = 0.1
_WAIT_S = 600.0
_MB = 1e6


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """What a number of lines cost the agent.

    Attributes:
        cpu_s: CPU seconds from the first line to the last one's arrival.
        rest_mb: Its resident memory before the first line.
        load_mb: Its largest resident memory.
    """

    cpu_s: float
    rest_mb: float
    load_mb: float


def run(lines: bytes, count: int, *, bare: bool) -> Cost:
    """Let an agent bring lines to a store.

    Args:
        lines: Content of a pod's file, as the container runtime writes it.
        count: How many records are in it.
        bare: Without what makes envelopes of lines, and masks and filters them.

    Raises:
        NotMeasuredError: The collector is not installed.
        CommandError: It ended, or never sent everything.
    """
    binary = collector()
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as place, _store() as address:
        folder = Path(place)
        health, metrics = free_ports(2)
        path = folder / "agent.yaml"
        path.write_text(yaml.safe_dump(_configuration(folder, address, health, metrics, bare=bare)), encoding="utf-8")
        with (
            (folder / "agent.log").open("wb") as said,
            subprocess.Popen(
                [binary, f"--config={path}", f"--feature-gates={FEATURES}"], stdout=said, stderr=said
            ) as process,
        ):
            try:
                agent = psutil.Process(process.pid)
                _wait(lambda: requests.get(f"http://127.0.0.1:{health}/", timeout=5).ok, process)
                rest, before = agent.memory_info().rss, _cpu_s(agent)
                file = folder / "pods" / _POD / "0.log"
                file.parent.mkdir(parents=True)
                file.write_bytes(lines)
                most = [rest]

                def arrived() -> bool:
                    most.append(agent.memory_info().rss)
                    return _sent(metrics) >= count

                _wait(arrived, process)
                used = _cpu_s(agent) - before
            finally:
                process.kill()
    return Cost(cpu_s=used, rest_mb=rest / _MB, load_mb=max(most) / _MB)


def collector() -> Path:
    """The collector that the embedded cluster uses.

    Raises:
        NotMeasuredError: It is not installed.
    """
    for found in cluster_parts.inspect(paths.cache_dir(), os.environ):
        if "otelcol" in found.paths:
            return found.paths["otelcol"]
    raise NotMeasuredError("the collector is not installed: `slipway toolchain install --for cluster`")


def _configuration(folder: Path, address: str, health: int, metrics: int, *, bare: bool) -> dict[str, Any]:
    """The agent's own, with free ports; a bare one keeps only the bound of its memory."""
    masked = [expression for expressions in PATTERNS.values() for expression in expressions]
    sink = LogSinkArgs(name="central", kind="loki", address=address, redact=masked, redact_keys=KEYS)
    place = Place(
        environment="bench",
        namespace=NAMESPACE,
        home=f"{NAMESPACE}-logs",
        pods=str(folder / "pods"),
        state=str(folder / "state"),
        address="127.0.0.1",
        api=False,
    )
    found: dict[str, Any] = yaml.safe_load(render(place, [Routed(args=sink)]))
    found["extensions"]["health_check"]["endpoint"] = f"127.0.0.1:{health}"
    found["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]["port"] = metrics
    if bare:
        for pipeline in found["service"]["pipelines"].values():
            pipeline["processors"] = ["memory_limiter"]
    return found


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _wait(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _WAIT_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            if condition():
                return
        time.sleep(_LOOK_S)
    raise CommandError("the collector ended" if process.poll() is not None else "lines did not arrive")


def _sent(port: int) -> float:
    lines = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text.splitlines()
    name = "otelcol_exporter_sent_log_records"
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name) and "patient/" in line)


@contextlib.contextmanager
def _store() -> Iterator[str]:
    """A store that takes everything and looks at nothing."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Taker) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class _Taker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(requests.codes.no_content)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""
