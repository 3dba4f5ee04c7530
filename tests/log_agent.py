"""The real log agent as a plain process: on a folder like /var/log/pods, with stores that count what they get.

    def test_something(agent, store):
        pod = agent.pod("orders")
        pod.write("hello")
        assert store.wait(1)[0]["message"] == "hello"

The collector is the one that `slipway toolchain install --for cluster` gets; SLIPWAY_TEST_COLLECTOR names another binary.
"""

import dataclasses
import datetime as dt
import gzip
import json
import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import yaml

from components.knative.agent.collector import FEATURES, Place, Routed, render
from components.log_sink.args import LogSinkArgs
from slipway.core import paths
from toolchain import cluster_parts

ENVIRONMENT, NAMESPACE = "test", "slipway-test"
_PART_BYTES = 16 * 1024  # containerd writes longer lines in parts of this
_WAIT_S = 60.0
_TIMES = threading.Lock()


def collector():
    """Path of the collector; the test is skipped where there is none."""
    if given := os.environ.get("SLIPWAY_TEST_COLLECTOR"):
        return Path(given)
    for found in cluster_parts.inspect(paths.cache_dir(), os.environ):
        if "otelcol" in found.paths:
            return found.paths["otelcol"]
    pytest.skip("the collector is not installed; `slipway toolchain install --for cluster` gets it")


class Store:
    """An OTLP store on loopback that keeps every envelope, and fails on request.

    Attributes:
        address: Where it is.
        records: Envelopes in the order of their arrival, those that come twice too.
        resources: Resource attributes of each.
    """

    def __init__(self, port=0):
        self.records, self.resources = [], []
        self._answers = threading.Condition()
        self._status = 200
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                status = store._take(content, self.headers.get("Content-Encoding", ""))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, status):
        """Answer with this status from now on; 200 takes what comes."""
        with self._answers:
            self._status = status

    def close(self):
        """Stop to answer at all."""
        self._server.shutdown()
        self._server.server_close()

    def messages(self):
        """Messages in the order of their arrival."""
        with self._answers:
            return [record["message"] for record in self.records]

    def wait(self, count, seconds=_WAIT_S):
        """All records, as soon as there are so many different ones."""
        return self.until(lambda records: len({record["id"] for record in records}) >= count, seconds)

    def until(self, enough, seconds=_WAIT_S):
        """All records, as soon as there are enough."""
        with self._answers:
            if not self._answers.wait_for(lambda: enough(self.records), seconds):
                shown = [record["message"][:80] for record in self.records[-5:]]
                raise AssertionError(f"{len(self.records)} records after {seconds} s, the last ones: {shown}")
            return list(self.records)

    def _take(self, content, encoding):
        with self._answers:
            if self._status != requests.codes.ok:
                return self._status
            content = gzip.decompress(content) if encoding == "gzip" else content
            for resource in json.loads(content)["resourceLogs"]:
                attributes = {one["key"]: _plain(one["value"]) for one in resource["resource"].get("attributes", [])}
                for scope in resource["scopeLogs"]:
                    for record in scope["logRecords"]:
                        self.records.append(_plain(record["body"]))
                        self.resources.append(attributes)
            self._answers.notify_all()
            return 200


def _plain(value):
    """A value of OTLP's JSON as JSON itself."""
    kind, found = next(iter(value.items()), ("", None))
    if kind == "kvlistValue":
        return {one["key"]: _plain(one["value"]) for one in found.get("values", [])}
    if kind == "arrayValue":
        return [_plain(one) for one in found.get("values", [])]
    return int(found) if kind == "intValue" else found


class Pod:
    """The logs of a pod, written as containerd and the kubelet do.

    Args:
        folder: Folder of the logs of all pods.
        function: Name of the function.
        container: Name of the container.
    """

    def __init__(self, folder, function, container="user-container", uid=None, revision="0123456789"):
        self.uid = uid or str(uuid.uuid4())
        self.name = f"{function}-{revision}-deployment-6b9f8c7d5-{self.uid[:5]}"
        self.folder = folder / f"{NAMESPACE}_{self.name}_{self.uid}" / container
        self.folder.mkdir(parents=True)
        self.path = self.folder / "0.log"
        self._file = self.path.open("ab", buffering=0)

    def write(self, *lines, stream="stdout"):
        """Write lines of text or bytes, each with its time; long ones in parts."""
        for line in lines:
            content = line if isinstance(line, bytes) else line.encode()
            for piece in content.split(b"\n"):
                while len(piece) > _PART_BYTES:
                    self._entry(stream, b"P", piece[:_PART_BYTES])
                    piece = piece[_PART_BYTES:]  # noqa: PLW2901 - the rest of it
                self._entry(stream, b"F", piece)

    def write_many(self, lines, stream="stdout"):
        """Write many short lines of text at once."""
        moment = _moment()
        whole = b"".join(b"%s %s F %s\n" % (moment, stream.encode(), line.encode()) for line in lines)
        self._file.write(whole)

    def rotate(self):
        """What the kubelet does when a file is too large: rename it, and have a new one written."""
        stamp = f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}"
        target = self.path.with_name(f"0.log.{stamp}")
        number = 0
        while target.exists():
            number += 1
            target = self.path.with_name(f"0.log.{stamp}{number}")
        self.path.rename(target)
        self._file.close()
        self._file = self.path.open("ab", buffering=0)
        return target

    def remove(self):
        """What the kubelet does when the pod is gone."""
        self._file.close()
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()
        self.folder.parent.rmdir()

    def _entry(self, stream, flag, content):
        self._file.write(b"%s %s %s %s\n" % (_moment(), stream.encode(), flag, content))


def _moment():
    with _TIMES:
        now = time.time_ns()
    seconds, rest = divmod(now, 10**9)
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z".encode()


@dataclasses.dataclass
class Agent:
    """An agent on a folder of its own.

    Attributes:
        binary: The collector.
        folder: Folder of everything that belongs to it.
        sinks: Where logs go.
        memory_mi: Megabytes that it may use.
        env: Environment variables beside those of the tests.
    """

    binary: Path
    folder: Path
    sinks: list[Routed]
    memory_mi: int = 400
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    process: subprocess.Popen | None = None
    health: int = 0
    metrics_port: int = 0

    @property
    def pods(self):
        """Folder of the logs of pods."""
        return self.folder / "pods"

    def pod(self, function="orders", **options):
        """A new pod."""
        self.pods.mkdir(parents=True, exist_ok=True)
        return Pod(self.pods, function, **options)

    def configuration(self):
        """Its configuration as the component renders it, but for ports of its own, and OTLP in JSON for `Store`."""
        place = Place(
            environment=ENVIRONMENT,
            namespace=NAMESPACE,
            home=f"{NAMESPACE}-logs",
            pods=str(self.pods),
            state=str(self.folder / "state"),
            address="127.0.0.1",
            api=False,
            memory_mi=self.memory_mi,
        )
        found = yaml.safe_load(render(place, self.sinks))
        found["extensions"]["health_check"]["endpoint"] = f"127.0.0.1:{self.health}"
        reader = found["service"]["telemetry"]["metrics"]["readers"][0]
        reader["pull"]["exporter"]["prometheus"]["port"] = self.metrics_port
        for exporter in found["exporters"].values():
            for kind, settings in exporter["store"].items():
                if kind == "otlphttp":
                    settings["encoding"] = "json"
        return found

    def start(self):
        """Start it, and wait until it is well."""
        self.pods.mkdir(parents=True, exist_ok=True)
        if not self.health:
            self.health, self.metrics_port = free_ports(2)
        path = self.folder / "agent.yaml"
        path.write_text(yaml.safe_dump(self.configuration()))
        with (self.folder / "agent.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, f"--config={path}", f"--feature-gates={FEATURES}"],
                stdout=log,
                stderr=log,
                env={**os.environ, **self.env},
            )
        end = time.monotonic() + _WAIT_S
        while time.monotonic() < end:
            try:
                if requests.get(f"http://127.0.0.1:{self.health}/", timeout=5).ok:
                    return self
            except requests.RequestException:
                if self.process.poll() is not None:
                    break
            time.sleep(0.05)
        raise AssertionError(f"the agent does not start:\n{self.said()}")

    def kill(self, number=signal.SIGKILL):
        """End it like a process that crashes."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def said(self):
        """What it wrote itself."""
        return (self.folder / "agent.log").read_text()

    def metrics(self):
        """Its metrics: name and labels as Prometheus writes them, to the value."""
        text = requests.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10).text
        lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    def metric(self, name, **labels):
        """Sum of a metric over all series that have these labels."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(
            value
            for series, value in self.metrics().items()
            if series.partition("{")[0] == name and all(label in series for label in wanted)
        )


def free_ports(count):
    """Ports on loopback that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return found


def sink(name, address, *, functions=None, **settings):
    """A sink whose store takes OTLP."""
    return Routed(args=LogSinkArgs(name=name, kind="otlp", address=address, **settings), functions=functions)


@pytest.fixture
def store():
    """A store that takes everything."""
    found = Store()
    yield found
    found.close()


@pytest.fixture
def agent(tmp_path, store):
    """A running agent with one sink, `central`."""
    found = Agent(collector(), tmp_path, [sink("central", store.address)])
    found.start()
    yield found
    found.kill()
