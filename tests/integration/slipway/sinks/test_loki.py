"""Pods, the real agent and the real Loki: what is read there is what pods wrote, and the same as what pods still show."""

import contextlib
import io
import json
import os
import subprocess
import threading
import time

import pytest
import requests
import yaml

from components.knative.agent.collector import Routed
from components.log_sink.args import LogSinkArgs
from slipway.core import paths
from slipway.kube import logs
from slipway.running.canary import Run
from slipway.running.records import Origin, moment_of
from slipway.running.runner import Kept
from slipway.sinks.loki import LokiStore
from slipway.sinks.reading import Log, Platform
from slipway.sinks.store import Query, distinct, follow
from slipway.sinks.web import Web
from tests import log_agent
from tests.log_agent import ENVIRONMENT
from toolchain import cluster_parts
from toolchain.embedded_cluster import rendering
from toolchain.embedded_cluster.config import Config

pytestmark = pytest.mark.timeout(300)
LIMIT = 40
TRACEBACK = ["Traceback (most recent call last):", '  File "main.py", line 4, in f', "    g()", "ValueError: no stock"]
SAID = [
    "plain text",
    '{"level": "WARNING", "message": "low stock", "sku": "CARD-80", "left": 3, "requestId": "r-1", "logger": "main"}',
    "[ERROR] it failed",
    *TRACEBACK,
    json.dumps(
        {
            "level": "ERROR",
            "message": "refused",
            "errorType": "ValueError",
            "errorMessage": "x",
            "stackTrace": ["  a\n"],
        }
    ),
    "a list:",
    "  of one",
    "the end",
]


@pytest.fixture(scope="module")
def loki(tmp_path_factory):
    """Address of a Loki with the embedded cluster's own settings, but for its ports and a small page."""
    found = next((one for one in cluster_parts.inspect(paths.cache_dir(), os.environ) if "loki" in one.paths), None)
    if found is None:
        pytest.skip("Loki is not installed; `slipway toolchain install --for cluster` gets it")
    folder = tmp_path_factory.mktemp("loki")
    settings = rendering.loki(Config(state=folder, cache=folder))
    port, inner = log_agent.free_ports(2)
    settings["server"] |= {
        "http_listen_address": "127.0.0.1",
        "http_listen_port": port,
        "grpc_listen_port": inner,
    }
    settings["limits_config"]["max_entries_limit_per_query"] = LIMIT
    (folder / "loki.yaml").write_text(yaml.safe_dump(settings))
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [found.paths["loki"], f"-config.file={folder / 'loki.yaml'}"], cwd=folder, stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + 60
        while not _is_ready(url):
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(url):
    try:
        return requests.get(f"{url}/ready", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.fixture
def agent(tmp_path, loki):
    args = LogSinkArgs(name="central", kind="loki", address=loki)
    found = log_agent.Agent(log_agent.collector(), tmp_path, [Routed(args=args)])
    yield found.start()
    found.kill()


@pytest.fixture
def store(loki):
    return LokiStore(Web("central", loki))


def query(function, begun, **more):
    minute = 60_000_000_000
    return Query(environment=ENVIRONMENT, function=function, since=begun - minute, until=begun + 5 * minute, **more)


def wait_for(store, asked, count):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = list(distinct(store.read(asked)))
        if len(found) >= count:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{len(found)} of {count} records arrived")


def test_no_line_is_lost_or_doubled_where_many_have_the_same_time(agent, store):
    begun = time.time_ns()
    pod = agent.pod("many")
    # The agent's server allows 40 lines a page, and 150 have one nanosecond.
    for start in range(0, 600, 150):
        pod.write_many([f"line {number}" for number in range(start, start + 150)])
    found = wait_for(store, query("many", begun), 600)
    assert sorted(record.envelope["message"] for record in found) == sorted(f"line {number}" for number in range(600))
    assert len({record.nanos for record in found}) == 4
    newest = store.newest(query("many", begun), 7)
    assert [record.nanos for record in newest] == [found[-1].nanos] * 7


class Pods:
    """A target that shows a pod's log as the API server does, from the file that the kubelet keeps."""

    def __init__(self, pod, function, kube):
        self.pod, self.function, self.kube = pod, function, kube

    def kept(self, *_):
        return Kept(present=True, limits="pods go")

    def logs(self, name, output, since):
        origin = Origin(environment=ENVIRONMENT, function=name, target="knative")
        return logs.read(self.kube, origin, since)


class Kube:
    namespace = log_agent.NAMESPACE

    def __init__(self, pod, revision):
        self.pod, self.revision = pod, revision

    def list(self, *_, **__):
        labels = {"serving.knative.dev/revision": self.revision}
        return [{"metadata": {"name": "p", "uid": "u", "labels": labels}, "status": {}}]

    def stream(self, path, asked, **_):
        class Response:
            def __init__(self, text):
                self.text = text

            def stream(self, **_):
                yield self.text

        whole = self.pod.path.read_bytes()
        shown = b"".join(b" ".join((line.split(b" ", 3)[0], line.split(b" ", 3)[3])) for line in io.BytesIO(whole))
        return contextlib.nullcontext(Response(shown))


def test_pods_and_sink_show_the_same_records(agent, store):
    begun = time.time_ns()
    pod = agent.pod("same")
    pod.write(*SAID)
    stored = wait_for(store, query("same", begun), 7)
    kube = Kube(pod, "same-0123456789")
    there = list(Pods(pod, "same", kube).logs("same", {}, moment_of(begun)))
    # The agent counts bytes of files into its ids, which nobody sees from outside.
    assert [one.envelope | {"id": ""} for one in there] == [one.envelope | {"id": ""} for one in stored]
    said = []
    platform = Platform(runner=Pods(pod, "same", kube), name="same", output={})
    log = Log(name="same", platform=platform, store=store, say=said.append)
    assert [one.id for one in log.read(query("same", begun))] == [one.id for one in stored]
    # What has not arrived is there, too.
    agent.kill()
    pod.write("not shipped")
    assert [one.envelope["message"] for one in log.read(query("same", begun))][-2:] == ["the end", "not shipped"]
    pod.remove()
    assert said == []


def test_what_comes_is_followed(agent, store):
    begun = time.time_ns()
    pod = agent.pod("followed")
    pod.write("first")
    stop, seen = threading.Event(), []
    for record in follow(store, query("followed", begun), stop, time.time_ns):
        seen.append(record.envelope["message"])
        if len(seen) < 4:
            pod.write(f"after {len(seen)}")
        else:
            stop.set()
    assert seen == ["first", "after 1", "after 2", "after 3"]


def test_lines_of_the_canary_are_known(agent, store):
    begun = time.time_ns()
    run = Run(id="abc", count=20)
    agent.pod("counted").write(*(run.line(number, "2026-11-26T10:52:03.123Z") for number in range(20)))
    found = wait_for(store, query("counted", begun), 20)
    assert sorted(run.number_of(record) for record in found) == list(range(20))
