"""Functions as Lambda runs them: a package without anything else on the path, under AWS's own runtime client.

Packages are copied together from the distributions of this environment by the names in the lock files, so no index is
needed. `slipway build` has tests of its own; these are about what runs, not about how it is packed.
"""

import contextlib
import http.client
import importlib.metadata
import json
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import textwrap
import time
import uuid
from pathlib import Path

import pytest
import tenacity
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from toolchain.embedded_aws.runtime_api import Invocation, RuntimeApi

ROOT = Path(__file__).parents[3]
RUNNER = ["awslambdaric", "simplejson", "snapshot-restore-py"]
PATIENCE_S = 60
LAUNCH = """
import runpy, sys
paths, handler = sys.argv[1].split(":"), sys.argv[2]
sys.path[:0] = paths
sys.argv = ["awslambdaric", handler]
runpy.run_module("awslambdaric", run_name="__main__")
"""


def _names(path):
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [
        canonicalize_name(re.split(r"[=<>;\s]", line)[0]) for line in lines if line and not line.startswith("--hash")
    ]


def kept(folder):
    """Distributions that travel with a function: the rule in runtime/lambda-unused.txt."""
    cut = set(_names(ROOT / "runtime" / "lambda-unused.txt"))
    wanted, found = ["functions-framework"], set()
    if (folder / "requirements.in").exists():
        wanted += _names(folder / "requirements.in")
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        found.add(name)
        for text in importlib.metadata.requires(name) or []:
            required = Requirement(text)
            if required.marker is None or required.marker.evaluate({"extra": ""}):
                needed = canonicalize_name(required.name)
                if name != "functions-framework" or needed not in cut:
                    wanted.append(needed)
    return found


def copy_distributions(names, target):
    for name in names:
        distribution = importlib.metadata.distribution(name)
        for file in distribution.files or []:
            if ".." not in file.parts and file.suffix not in {".pyc", ".pth"}:
                place = target / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(distribution.locate_file(file), place)


class Runtime:
    """One Lambda instance: AWS's runtime client in a process of its own."""

    def __init__(self, paths, log, handler, environment):
        self.api = RuntimeApi()
        self.log_path = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", "-c", LAUNCH, ":".join(map(str, paths)), handler],
                cwd=paths[0],
                env={
                    "AWS_LAMBDA_RUNTIME_API": self.api.address,
                    "AWS_LAMBDA_FUNCTION_NAME": "slipway-test-function",
                    "AWS_LAMBDA_LOG_FORMAT": "JSON",
                    "AWS_LAMBDA_LOG_LEVEL": "INFO",
                    "AWS_DEFAULT_REGION": "eu-central-1",
                    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
                    "PATH": os.environ["PATH"],
                    "LANG": "C.UTF-8",
                    "TZ": ":UTC",
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def invoke(self, event):
        """The runtime's report of one invocation, or of the start that failed."""
        request_id = str(uuid.uuid4())
        self.api.give(
            Invocation(
                request_id=request_id,
                payload=json.dumps(event).encode(),
                function_arn="arn:aws:lambda:eu-central-1:123456789012:function:slipway-test-function:live",
                deadline_ms=int((time.time() + PATIENCE_S) * 1000),
                trace_id="Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            )
        )
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                report = self.api.events.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None and self.api.events.empty():
                    return None
                assert time.monotonic() < deadline, f"no answer; log:\n{self.log_path.read_text()}"
                continue
            if report.kind in {"response", "error", "init-error"}:
                self.request_id = request_id
                return report

    def answer(self, event):
        """The decoded response of an invocation that must succeed."""
        report = self.invoke(event)
        assert report is not None, self.log_path.read_text()
        assert report.kind == "response", f"{report}; log:\n{self.log_path.read_text()}"
        return json.loads(report.body)

    def error(self, event):
        """The decoded error of an invocation that must fail."""
        report = self.invoke(event)
        assert report is not None, self.log_path.read_text()
        assert report.kind != "response", report
        return json.loads(report.body)

    def log(self):
        """Lines of the log: objects where they are JSON."""
        lines = self.log_path.read_text().splitlines()
        return [json.loads(line) if line.startswith("{") else line for line in lines]

    def close(self):
        self.api.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def runner_path(tmp_path_factory):
    target = tmp_path_factory.mktemp("runner")
    copy_distributions(RUNNER, target)
    return target


@pytest.fixture(scope="session")
def framework_path(tmp_path_factory):
    target = tmp_path_factory.mktemp("framework")
    copy_distributions(kept(ROOT / "functions" / "hello"), target)
    shutil.copytree(ROOT / "runtime" / "slipway_runtime", target / "slipway_runtime")
    return target


@pytest.fixture
def launch(tmp_path, runner_path):
    """`launch(paths, handler, environment)` starts an instance that is ended after the test."""
    with contextlib.ExitStack() as stack:

        def start(paths, handler="slipway_runtime.lambda_handler.handle", **environment):
            runtime = Runtime([*paths, runner_path], tmp_path / f"{uuid.uuid4()}.log", handler, environment)
            stack.callback(runtime.close)
            return runtime

        yield start


@pytest.fixture
def function(tmp_path, framework_path, launch):
    """`function(source, signature)` starts an instance of a function `f` from source text.

    With `boto3=True` it has what the managed runtime brings, after the package on the path.
    """

    def start(source, signature="http", *, boto3=False, **environment):
        (tmp_path / "main.py").write_text(textwrap.dedent(source))
        variables = {"FUNCTION_SOURCE": "main.py", "FUNCTION_TARGET": "f", "FUNCTION_SIGNATURE_TYPE": signature}
        paths = [tmp_path, framework_path, *([sysconfig.get_path("purelib")] if boto3 else [])]
        return launch(paths, **variables | environment)

    return start


class Container:
    """One instance of a function as its container runs it: the program of the image, in a process of its own."""

    def __init__(self, folder, log, environment, module="slipway_runtime.server"):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.log_path = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-B", "-m", module],
                cwd=folder,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(ROOT / "runtime"),
                    "PYTHONUNBUFFERED": "1",
                    "LANG": "C.UTF-8",
                    "K_SERVICE": "slipway-test-function",
                    "PORT": str(self.port),
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @tenacity.retry(stop=tenacity.stop_after_delay(PATIENCE_S), wait=tenacity.wait_fixed(0.1), reraise=True)
    def ready(self):
        assert self.process.poll() is None, self.log_path.read_text()
        assert self.ask("GET", "/_slipway/ready")[0] == 200
        return self

    def ask(self, method, target, headers=(), body=b"", host="f.ns.example.com"):
        """Status, headers (lower case, joined), cookies and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.putrequest(method, target, skip_accept_encoding=True, skip_host=True)
        connection.putheader("Host", host)
        for name, value in headers:
            connection.putheader(name, value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        joined = {}
        for name, value in answer.getheaders():
            key = name.lower()
            if key != "set-cookie":
                joined[key] = f"{joined[key]}, {value}" if key in joined else value
        return answer.status, joined, answer.headers.get_all("Set-Cookie") or [], content

    def log(self):
        """Lines of the log: objects where they are JSON."""
        lines = self.log_path.read_text().splitlines()
        return [json.loads(line) if line.startswith("{") else line for line in lines]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE_S)
        finally:
            self.process.kill()


EVERYTHING = [
    {"path": path, "methods": ["ANY"], "auth": "none", "visibility": "public", "cors": None}
    for path in ("/", "/{all+}")
]


@pytest.fixture(scope="session")
def contained(tmp_path_factory):
    """`contained(source, signature, routes=...)` starts a container of a function `f`; ended with the session."""
    with contextlib.ExitStack() as stack:

        def start(source, signature="http", *, routes=EVERYTHING, **environment):
            folder = tmp_path_factory.mktemp("contained")
            (folder / "main.py").write_text(textwrap.dedent(source))
            variables = {
                "FUNCTION_SOURCE": "main.py",
                "FUNCTION_TARGET": "f",
                "FUNCTION_SIGNATURE_TYPE": signature,
                "SLIPWAY_ROUTES": json.dumps({"routes": routes, "tokens": None}),
            }
            container = Container(folder, folder / "log", variables | environment)
            stack.callback(container.close)
            return container

        yield start


@pytest.fixture
def sample(tmp_path, launch):
    """`sample(name, target, signature)` starts an instance of a sample function with just its own dependencies."""

    def start(name, target, signature="http", *, boto3=False, **environment):
        folder, task = ROOT / "functions" / name, tmp_path / name
        copy_distributions(kept(folder), task)
        shutil.copytree(ROOT / "runtime" / "slipway_runtime", task / "slipway_runtime")
        shutil.copytree(folder.parent / "shared", task / "shared")
        for file in folder.glob("*.py"):
            shutil.copyfile(file, task / file.name)
        variables = {"FUNCTION_SOURCE": "main.py", "FUNCTION_TARGET": target, "FUNCTION_SIGNATURE_TYPE": signature}
        paths = [task, *([sysconfig.get_path("purelib")] if boto3 else [])]
        return launch(paths, **variables | environment)

    return start
