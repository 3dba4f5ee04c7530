"""Checkouts of the project with embedded platforms, driven by the real engine and the real providers."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import boto3
import pytest
import requests
import yaml

from tests.cluster import cluster  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[4]
MAIN = "import sys; from slipway.cli.main import main; main()"


# Judging a plan before each update takes half its time again; test_policies.py is about that, the others are not.
COMMON = {"SLIPWAY_SKIP_PREVIEW": "true"}


class Checkout:
    """A copy of the project's files; commands run in it with its own code.

    Attributes:
        environment: Variables of its commands, beside those of the tests.
        through: What `run` starts its commands with.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.through: tuple[str, ...] = ()
        self.environment: dict[str, str] = {}
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z", "--", ".", ":!tests", ":!docs", ":!benchmarks"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, root / name)
        (root / ".venv").symlink_to(ROOT / ".venv")
        self.api_port, self.entry_port = free_port(), free_port()
        stack = root / "stacks" / "Pulumi.local.yaml"
        text = stack.read_text()
        text = re.sub(r"(endpoint: http://127\.0\.0\.1:)\d+", rf"\g<1>{self.api_port}", text)
        stack.write_text(re.sub(r"(httpEntry: http://127\.0\.0\.1:)\d+", rf"\g<1>{self.entry_port}", text))

    def popen(self, *arguments, **environment) -> subprocess.Popen:
        """A `slipway` command in the background, in a process group of its own, that hears Ctrl-C as at a terminal.

        What a shell starts in the background ignores SIGINT, and so would everything below it.
        """
        hearing = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        return subprocess.Popen(
            [sys.executable, "-c", hearing + MAIN, *arguments],
            cwd=self.root,
            env={**os.environ, **COMMON, **self.environment, **environment},
            start_new_session=True,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments, status=0, timeout=240, **environment) -> subprocess.CompletedProcess:
        """A `slipway` command that ends with the given status."""
        done = subprocess.run(
            [*self.through, sys.executable, "-c", MAIN, *arguments],
            cwd=self.root,
            env={**os.environ, **COMMON, **self.environment, **environment},
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.api_port}",
            region_name="eu-central-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def fault(self, **fault) -> None:
        requests.post(f"http://127.0.0.1:{self.api_port}/_slipway/faults", json=fault, timeout=10).raise_for_status()

    def no_faults(self) -> None:
        requests.delete(f"http://127.0.0.1:{self.api_port}/_slipway/faults", timeout=10).raise_for_status()

    def everything(self) -> set[str]:
        """What exists in the embedded AWS and is ours, a name each."""
        api = self.client("apigatewayv2")
        found = {f"function {f['FunctionName']}" for f in self.client("lambda").list_functions()["Functions"]}
        found |= {f"queue {url.rsplit('/', 1)[1]}" for url in self.client("sqs").list_queues().get("QueueUrls", [])}
        found |= {f"role {r['RoleName']}" for r in self.client("iam").list_roles()["Roles"]}
        found |= {f"policy {p['PolicyName']}" for p in self.client("iam").list_policies(Scope="Local")["Policies"]}
        found |= {f"bucket {b['Name']}" for b in self.client("s3").list_buckets()["Buckets"]}
        logs = self.client("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            found.add(f"group {group['logGroupName']}")
            filters = logs.describe_subscription_filters(logGroupName=group["logGroupName"])["subscriptionFilters"]
            found |= {f"filter {group['logGroupName']} {item['filterName']}" for item in filters}
        streams = self.client("firehose").list_delivery_streams()["DeliveryStreamNames"]
        found |= {f"stream {name}" for name in streams}
        found |= {f"alarm {a['AlarmName']}" for a in self.client("cloudwatch").describe_alarms()["MetricAlarms"]}
        found |= {f"schedule {s['Name']}" for s in self.client("scheduler").list_schedules()["Schedules"]}
        found |= {
            f"mapping {m['UUID']}" for m in self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        }
        for bus in self.client("events").list_event_buses()["EventBuses"]:
            if bus["Name"] != "default":
                found.add(f"bus {bus['Name']}")
                rules = self.client("events").list_rules(EventBusName=bus["Name"])["Rules"]
                found |= {f"rule {rule['Name']}" for rule in rules}
        for group in self.client("scheduler").list_schedule_groups()["ScheduleGroups"]:
            if group["Name"] != "default":
                found.add(f"schedule group {group['Name']}")
        for item in api.get_apis()["Items"]:
            one = item["ApiId"]
            found.add(f"api {one}")
            found |= {f"route {r['RouteId']}" for r in api.get_routes(ApiId=one)["Items"]}
            found |= {f"integration {i['IntegrationId']}" for i in api.get_integrations(ApiId=one)["Items"]}
            found |= {f"stage {one}/{s['StageName']}" for s in api.get_stages(ApiId=one)["Items"]}
        kms = self.client("kms")
        for key in kms.list_keys()["Keys"]:
            about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if about["KeyState"] == "Enabled" and about["KeyManager"] == "CUSTOMER":
                found.add(f"key {key['KeyId']}")
        return found


class KnativeCheckout(Checkout):
    """A checkout whose environment `local-knative` is on the tests' cluster, in a namespace of its own.

    Attributes:
        cluster: The cluster.
        namespace: The namespace.
    """

    ENVIRONMENT = "local-knative"

    def __init__(self, root: Path, on, functions=("hello", "audit")) -> None:
        super().__init__(root)
        self.cluster = on
        self.namespace = f"test-{uuid.uuid4().hex[:8]}"
        self.environment = {"SLIPWAY_CLUSTER_DIR": str(on.config.state), "SLIPWAY_STACK": self.ENVIRONMENT}
        for folder in (root / "functions").iterdir():
            if folder.name not in {*functions, "shared"}:
                shutil.rmtree(folder)
        for manifest in (root / "functions").glob("*/function.yaml"):
            # On Knative a call's time runs while its instance starts, which takes long where everything is tested at once.
            manifest.write_text(re.sub(r"(?m)^timeout: .*$", "timeout: 60", manifest.read_text()))

        def here(config):
            config["slipway:cluster"] = {
                "apiPort": on.config.api_port,
                "httpPort": on.config.http_port,
                "registryPort": on.config.registry_port,
                "lokiPort": on.config.loki_port,
            }
            config["slipway:namespace"] = self.namespace
            config["slipway:aws"] |= {
                "endpoint": f"http://127.0.0.1:{self.api_port}",
                "httpEntry": f"http://127.0.0.1:{self.entry_port}",
            }

        self.settings(here)

    def settings(self, change, environment=ENVIRONMENT) -> None:
        """Change the `config` of an environment's file."""
        file = self.root / "stacks" / f"Pulumi.{environment}.yaml"
        content = yaml.safe_load(file.read_text())
        change(content["config"])
        file.write_text(yaml.safe_dump(content))

    def somebody(self, role: str) -> str:
        """Name of the account, in the namespace `default`, that has a role once an update gave it."""
        return f"{role}-{self.namespace}"

    @contextlib.contextmanager
    def rights_of(self, role: str):
        """Commands have the rights of this role's account and no others: they alone see its access file."""
        access = yaml.safe_load(self.cluster.config.kubeconfig.read_text())
        token = self.cluster.kubectl("create", "token", self.somebody(role), "-n", "default").strip()
        access["users"][0]["user"] = {"token": token}
        file = self.root / f"{role}.yaml"
        file.write_text(yaml.safe_dump(access))
        seen = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
        self.through = ("unshare", "--mount", "sh", "-c", seen, "sh", str(file), str(self.cluster.config.kubeconfig))
        try:
            yield
        finally:
            self.through = ()
            file.unlink()

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text in a file."""
        file = self.root / path
        text = file.read_text()
        assert old in text, f"{path} lacks {old!r}"
        file.write_text(text.replace(old, new))

    def revisions(self) -> dict[str, list[str]]:
        """Names of all revisions, by function."""
        found: dict[str, list[str]] = {}
        for item in self.cluster.get("revisions.serving.knative.dev", "-n", self.namespace)["items"]:
            labels = item["metadata"]["labels"]
            found.setdefault(labels["serving.knative.dev/service"], []).append(item["metadata"]["name"])
        return found

    def in_cluster(self) -> set[str]:
        """What exists in its namespaces and was made by an update, `kind/name` each."""
        kinds = (
            "services.serving.knative.dev,brokers.eventing.knative.dev,triggers.eventing.knative.dev,"
            "channels.messaging.knative.dev,subscriptions.messaging.knative.dev,pingsources.sources.knative.dev,"
            "deployments,daemonsets,persistentvolumeclaims,configmaps,serviceaccounts,roles,rolebindings,networkpolicies,"
            "resourcequotas,limitranges"
        )
        return {
            f"{item['kind']}/{item['metadata']['name']}"
            for namespace in (self.namespace, f"{self.namespace}-logs")
            for item in self.cluster.get(kinds, "-n", namespace, "-l", "app.kubernetes.io/managed-by=slipway")["items"]
            if not item["metadata"].get("ownerReferences")
        } | {
            f"{item['kind']}/{item['metadata']['name']}"
            for item in self.cluster.get("validatingadmissionpolicies,validatingadmissionpolicybindings")["items"]
            if item["metadata"]["name"].startswith((f"{self.namespace}.", f"{self.namespace}-logs."))
        }

    def recorded(self) -> set[str]:
        """What the state says exists, as `in_cluster`."""
        done = subprocess.run(
            [self.root / ".venv" / "bin" / "pulumi", "stack", "export", "-s", self.ENVIRONMENT],
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
        )
        return {
            f"{resource['inputs']['kind']}/{resource['inputs']['metadata']['name']}"
            for resource in json.loads(done.stdout)["deployment"]["resources"]
            if resource["type"].startswith("kubernetes:")
            and resource["inputs"]["kind"] != "Namespace"
            and resource["type"] != "kubernetes:core/v1:Service"
        }


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    if not (ROOT / ".venv" / "bin" / "pulumi").is_file():
        pytest.skip("the engine is not installed (make setup)")
    made = Checkout(tmp_path_factory.mktemp("checkout"))
    made.run("local", "start")
    yield made
    made.run("local", "stop")


@pytest.fixture(scope="module")
def knative(tmp_path_factory, cluster):  # noqa: F811 - the fixture that is imported above
    if not (ROOT / ".venv" / "bin" / "crane").exists():
        pytest.skip("the toolchain for Knative is not installed (slipway toolchain install --for knative)")
    made = KnativeCheckout(tmp_path_factory.mktemp("checkout"), cluster)
    yield made
    made.run("local", "stop")
    for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
        left = [name for name in made.in_cluster() if name.lower().startswith(f"{kind}/")]
        if left:
            cluster.kubectl("delete", kind, *(name.partition("/")[2] for name in left), "--ignore-not-found")
    for namespace in (made.namespace, f"{made.namespace}-logs"):
        cluster.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")
