"""The sample `hello` deployed by `slipway up` on both targets, for measuring how it answers there."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import requests
import tenacity
import yaml

from benchmarks.clusters import free_ports
from benchmarks.harness import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from toolchain.embedded_cluster.config import Config

_ROOT = Path(__file__).parent.parent
_FUNCTION = "hello"
_PATH = "/hello?name=Ada"
_ON_LAMBDA, _ON_KNATIVE = "local", "local-knative"
_COPIED = ("components", "functions/shared", f"functions/{_FUNCTION}", "runtime", "slipway", "toolchain")
_FILES = ("Pulumi.yaml", "__main__.py", f"stacks/Pulumi.{_ON_LAMBDA}.yaml", f"stacks/Pulumi.{_ON_KNATIVE}.yaml")
_WAIT_S = 300


@dataclasses.dataclass(frozen=True)
class Deployed:
    """The function on both targets.

    Attributes:
        cluster: The cluster.
        namespace: The function's namespace there.
        api_port: Port of the embedded AWS.
        entry_port: Port of its HTTP APIs.
    """

    cluster: Config
    namespace: str
    api_port: int
    entry_port: int

    def knative(self) -> float:
        """Seconds of one request on Knative; raises CommandError when it is not answered well."""
        host = f"{_FUNCTION}.{self.namespace}.localhost"
        return _request(f"{self.cluster.entry_url}{_PATH}", {"Host": host})

    def on_lambda(self) -> float:
        """Seconds of one request on Lambda; raises CommandError when it is not answered well."""
        return _request(f"http://127.0.0.1:{self.entry_port}{_PATH}", {})

    def hasten(self) -> None:
        """Let Knative scale to zero as soon as it can: a window of 6 s, the shortest; the cluster's grace remains."""
        service = self._get("services.serving.knative.dev", _FUNCTION)
        template = service["spec"]["template"]
        template["metadata"]["name"] += "-b"
        template["metadata"]["annotations"]["autoscaling.knative.dev/window"] = "6s"
        self._kubectl("replace", "-f", "-", stdin=json.dumps(service))
        self._kubectl("wait", f"ksvc/{_FUNCTION}", "--for=condition=Ready", f"--timeout={_WAIT_S}s")
        self._wait_for(lambda: self._serving() == template["metadata"]["name"])

    def wait_for_zero(self) -> None:
        """Wait until no instance runs on Knative."""
        self._wait_for(lambda: not self._pods())

    def forget_instances(self) -> None:
        """Publish and serve a version that differs in a variable, so that Lambda has no instance of it."""
        client = boto3.client(
            "lambda",
            endpoint_url=f"http://127.0.0.1:{self.api_port}",
            region_name="eu-central-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        functions = client.list_functions()["Functions"]
        function = next(one for one in functions if one["FunctionName"].endswith(f"-{_FUNCTION}"))
        name = function["FunctionName"]
        variables = {**function["Environment"]["Variables"], "BENCH": uuid.uuid4().hex}
        client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        version = client.publish_version(FunctionName=name)["Version"]
        client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)

    def _serving(self) -> str | None:
        traffic = self._get("services.serving.knative.dev", _FUNCTION)["status"].get("traffic") or [{}]
        revision = traffic[0].get("revisionName")
        return None if revision is None else str(revision)

    def _pods(self) -> list[Any]:
        found: list[Any] = self._get("pods", "-l", f"serving.knative.dev/service={_FUNCTION}")["items"]
        return found

    def _wait_for(self, condition: Any) -> None:
        tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: not found),
            stop=tenacity.stop_after_delay(_WAIT_S),
            wait=tenacity.wait_fixed(0.5),
        )(condition)

    def _get(self, *arguments: str) -> Any:
        return json.loads(self._kubectl("get", *arguments, "-o", "json"))

    def _kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        command = [self.cluster.binaries["kubectl"], f"--kubeconfig={self.cluster.kubeconfig}", "-n", self.namespace]
        return _output([*command, *arguments], stdin=stdin)


@contextlib.contextmanager
def deployed(cluster: Config) -> Iterator[Deployed]:
    """Deploy the function to both targets, in a project, a namespace and an embedded AWS of its own; remove all after.

    Raises:
        CommandError: It cannot be deployed.
    """
    api_port, entry_port = free_ports(2)
    made = Deployed(cluster, f"bench-{uuid.uuid4().hex[:8]}", api_port, entry_port)
    with tempfile.TemporaryDirectory(prefix="slipway-b11-") as folder:
        root = Path(folder)
        _project(root, made)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "SLIPWAY_STACK"))}
        env = {**kept, "SLIPWAY_CLUSTER_DIR": str(cluster.state)}

        def slipway(*arguments: str) -> None:
            _output([_ROOT / ".venv/bin/slipway", *arguments], cwd=root, env=env)

        try:
            slipway("local", "start")
            for environment in (_ON_LAMBDA, _ON_KNATIVE):
                slipway("up", "-s", environment)
            yield made
        finally:
            try:
                slipway("destroy", "--yes", "-s", _ON_KNATIVE)
            finally:
                slipway("local", "stop")


def _project(root: Path, made: Deployed) -> None:
    for name in _COPIED:
        shutil.copytree(_ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "stacks").mkdir()
    for name in _FILES:
        shutil.copy(_ROOT / name, root / name)
    (root / ".venv").symlink_to(_ROOT / ".venv")
    manifest = root / "functions" / _FUNCTION / "function.yaml"
    # A call's time runs while its instance starts; it is to be measured, also where it is long.
    manifest.write_text(re.sub(r"(?m)^timeout: .*$", "timeout: 60", manifest.read_text(encoding="utf-8")), "utf-8")
    config = made.cluster
    ports = {
        "apiPort": config.api_port,
        "httpPort": config.http_port,
        "registryPort": config.registry_port,
        "lokiPort": config.loki_port,
    }
    for environment in (_ON_LAMBDA, _ON_KNATIVE):
        file = root / "stacks" / f"Pulumi.{environment}.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        settings = content["config"]
        settings.pop("slipway:functions", None)
        settings["slipway:aws"]["endpoint"] = f"http://127.0.0.1:{made.api_port}"
        settings["slipway:aws"]["httpEntry"] = f"http://127.0.0.1:{made.entry_port}"
        if environment == _ON_KNATIVE:
            settings |= {"slipway:cluster": ports, "slipway:namespace": made.namespace}
        file.write_text(yaml.safe_dump(content), encoding="utf-8")


def _request(url: str, headers: Mapping[str, str]) -> float:
    before = time.monotonic()
    answer = requests.get(url, headers=dict(headers), timeout=_WAIT_S)
    took = time.monotonic() - before
    if answer.status_code != requests.codes.ok:
        raise CommandError(f"{url} answered {answer.status_code}: {answer.text[:200]}")
    return took


def _output(
    command: list[Any], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str | None = None
) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, input=stdin or "", capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
