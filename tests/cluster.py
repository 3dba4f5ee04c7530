"""The embedded cluster for tests: one for all workers of a run, in a folder and on ports of its own.

    def test_something(cluster): cluster.apply(...); cluster.wait(...)

SLIPWAY_TEST_CLUSTER names the folder of a cluster that already runs; it is used as it is and left running. Tests work in
namespaces of their own (`namespace`), so that they neither meet each other nor what else runs there.
"""

import contextlib
import dataclasses
import json
import os
import shutil
import socket
import subprocess
import tempfile
import textwrap
import uuid
from pathlib import Path

import pytest
import requests
import yaml
from filelock import FileLock

from slipway.core import paths
from toolchain import cluster_parts
from toolchain.embedded_cluster import launch, lifecycle
from toolchain.embedded_cluster.config import Config
from toolchain.embedded_cluster.content import base_image
from toolchain.embedded_cluster.errors import UnsuitableMachineError
from toolchain.progress import Reporter

_CACHE = paths.cache_dir()
_EXISTING = "SLIPWAY_TEST_CLUSTER"
_RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
SECURE = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""What the level `restricted` asks of a container."""


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A running embedded cluster.

    Attributes:
        config: Where it is.
        own: Whether this run of the tests started it, so that they may break and mend it.
    """

    config: Config
    own: bool

    def kubectl(self, *arguments, stdin=None, check=True):
        """Run kubectl as administrator and return its standard output."""
        command = [self.config.binaries["kubectl"], f"--kubeconfig={self.config.kubeconfig}", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=300)
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done.stdout

    def get(self, *arguments):
        """Objects as values: `get("pods", "-n", "x")`."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def apply(self, *documents):
        """Apply objects given as values."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        self.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(listed))

    def run_pod(self, name, namespace, image, script):
        """A pod of a name, with a label `app` of that name, that runs a Python script; returns when it is ready."""
        container = {
            "name": "main",
            "image": image,
            "command": ["/usr/bin/python3", "-c", script],
            "securityContext": SECURE,
        }
        spec = {"automountServiceAccountToken": False, "containers": [container], "terminationGracePeriodSeconds": 0}
        metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
        self.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        self.wait(f"pod/{name}", namespace)

    def python(self, pod, namespace, script):
        """Run a Python script in a pod and return what it prints."""
        return self.kubectl("exec", "-n", namespace, "-i", pod, "--", "python3", "-", stdin=script)

    def wait(self, what, namespace, condition="condition=Ready", seconds=180):
        """Wait until an object has a condition; what the object says is shown when it does not come."""
        try:
            self.kubectl("wait", "-n", namespace, what, f"--for={condition}", f"--timeout={seconds}s")
        except AssertionError as error:
            state = self.kubectl("get", "-n", namespace, what, "-o", "yaml", check=False)
            events = self.kubectl("events", "-n", namespace, check=False)
            raise AssertionError(f"{error}\n{state}\n{events}") from None

    def base(self):
        """Reference of the base image in the cluster's registry."""
        return f"{self.config.registry}/{base_image.REPOSITORY}@{base_image.load(_CACHE).digest}"

    def call(self, function, namespace, path="/", **options):
        """Call a function at the public entry, as `<function>.<namespace>.localhost`."""
        headers = {"Host": f"{function}.{namespace}.localhost", **options.pop("headers", {})}
        method = options.pop("method", "GET")
        return requests.request(method, f"{self.config.entry_url}{path}", headers=headers, timeout=60, **options)

    @contextlib.contextmanager
    def sender(self):
        """Yields `send(address, event)`: posts a CloudEvent from a pod, for addresses that only the cluster knows."""
        name = f"sender-{uuid.uuid4().hex[:8]}"
        self.run_pod(name, "default", self.base(), "import signal; signal.pause()")

        def send(address, event):
            script = textwrap.dedent(
                f"""
                import urllib.request
                headers = {{"Content-Type": "application/cloudevents+json"}}
                request = urllib.request.Request({address!r}, {json.dumps(event).encode()!r}, headers)
                print(urllib.request.urlopen(request, timeout=60).status)
                """
            )
            assert self.python(name, "default", script).strip() == "202"

        try:
            yield send
        finally:
            self.kubectl("delete", "pod", name, "-n", "default", "--wait=false", "--ignore-not-found")


def _existing():
    """The settings of a cluster that already runs, told by its own access file; its ports follow each other."""
    folder = Path(os.environ[_EXISTING])
    access = yaml.safe_load((folder / "kubeconfig").read_text())
    api = int(access["clusters"][0]["cluster"]["server"].rpartition(":")[2])
    return Config(
        state=folder,
        cache=_CACHE,
        binaries=_binaries(),
        api_port=api,
        http_port=api + 1,
        registry_port=api + 2,
        loki_port=api + 3,
    )


def _binaries():
    """The cluster's programs, when all of them are installed; nothing is built or fetched for a test."""
    missing = [found.title for found in cluster_parts.inspect(_CACHE, os.environ) if not found.paths]
    if missing:
        pytest.skip(
            f"the embedded cluster is not installed ({', '.join(missing)}): `slipway toolchain install --for cluster`"
        )
    return cluster_parts.binaries(_CACHE, os.environ, Reporter())


def _free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in sockets]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory, request):
    """The embedded cluster, ready; started by the first worker that asks and ended by the last one."""
    try:
        launch.require_machine()
    except UnsuitableMachineError as error:
        pytest.skip(str(error))
    if os.environ.get(_EXISTING):
        yield Cluster(_existing(), own=False)
        return
    binaries = _binaries()
    parallel = hasattr(request.config, "workerinput")
    shared = tmp_path_factory.getbasetemp().parent if parallel else tmp_path_factory.getbasetemp()
    record, lock = shared / "cluster.json", FileLock(shared / "cluster.lock")
    with lock:
        known = json.loads(record.read_text()) if record.exists() else None
        if known is None:
            # Not below the tests' folder: paths of sockets are short.
            known = {"users": 0, "state": tempfile.mkdtemp(prefix="slipway-"), "ports": _free_ports(4)}
        record.write_text(json.dumps({**known, "users": known["users"] + 1}))
        api, http, registry, loki = known["ports"]
        config = Config(
            state=Path(known["state"]),
            cache=_CACHE,
            binaries=binaries,
            api_port=api,
            http_port=http,
            registry_port=registry,
            loki_port=loki,
        )
        lifecycle.up(config, Reporter())
    try:
        yield Cluster(config, own=True)
    finally:
        with lock:
            known = json.loads(record.read_text())
            known["users"] -= 1
            record.write_text(json.dumps(known))
            if known["users"] == 0:
                lifecycle.down(config, purge=True)
                shutil.rmtree(config.state, ignore_errors=True)
                record.unlink()


@pytest.fixture
def namespace(cluster):
    """Name of a new namespace at the level `restricted`, removed afterwards."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": _RESTRICTED}})
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")
