"""The real log agent as a plain process: on a folder like /var/log/pods, with stores that count what they get.

    def test_something(agent, store):
        pod = agent.pod("orders")
        pod.write("hello")
        assert store.wait(1)[0]["message"] == "hello"

The collector is the one that `slipway toolchain install --for cluster` gets; SLIPWAY_TEST_COLLECTOR names another binary.
"""

import dataclasses
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests
import yaml

from components.knative.agent.collector import FEATURES, Place, Routed, render
from components.log_sink.args import LogSinkArgs
from slipway.core import paths
from tests.log_pods import NAMESPACE, Pod
from tests.log_store import Store
from toolchain import cluster_parts

ENVIRONMENT = "test"
_WAIT_S = 120.0


def collector():
    """Path of the collector; the test is skipped where there is none."""
    if given := os.environ.get("SLIPWAY_TEST_COLLECTOR"):
        return Path(given)
    for found in cluster_parts.inspect(paths.cache_dir(), os.environ):
        if "otelcol" in found.paths:
            return found.paths["otelcol"]
    pytest.skip("the collector is not installed; `slipway toolchain install --for cluster` gets it")


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
        """Its configuration as the component renders it, but for ports of its own."""
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
                env={**os.environ, "GOMEMLIMIT": f"{self.memory_mi}MiB", **self.env},
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
    """A sink whose store takes OTLP, or is Loki where `kind` says so."""
    return Routed(args=LogSinkArgs(name=name, address=address, **{"kind": "otlp", **settings}), functions=functions)


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
