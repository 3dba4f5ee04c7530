"""The components as another Pulumi language sees them: through the engine, by their schema, in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.core.paths import cache_dir

ROOT = Path(__file__).parents[3]
PULUMI = Path(sys.executable).with_name("pulumi")
IMAGE = "registry.example.com/hello@sha256:" + "a" * 64
PROPERTIES = {
    "environment": {
        "environment": "dev",
        "target": "knative",
        "knative": {"namespace": "slipway-dev", "domain": "dev.example.com", "kubeconfig": "/none", "port": 8443},
    },
    "functions": {
        "hello": {
            "owner": "team-a",
            "runtime": "python3.11",
            "handler": "main:hello",
            "memoryMb": 512,
            "code": {"image": IMAGE},
            "http": [{"path": "/hello", "visibility": "public", "auth": "none"}],
        }
    },
}
# What every language's SDK does for a component that lives elsewhere: a token, camelCase properties, `remote`.
REMOTE = f"""
import json, pulumi

class Functions(pulumi.ComponentResource):
    urls: pulumi.Output[dict]

    def __init__(self, name, properties):
        super().__init__("slipway:index:Functions", name, properties | {{"urls": None}}, None, remote=True)

pulumi.export("urls", Functions("dev", json.loads({json.dumps(PROPERTIES)!r})).urls)
"""
YAML = {
    "resources": {"dev": {"type": "slipway:Functions", "properties": PROPERTIES}},
    "outputs": {"urls": "${dev.urls}"},
}

pytestmark = pytest.mark.skipif(not PULUMI.exists(), reason="no engine here; run make setup")


@pytest.fixture
def preview(tmp_path):
    """Previews a program in another project that names the components' folder as a plugin; the steps by URN."""

    def run(project, *files):
        plugins = {"providers": [{"name": "slipway", "path": str(ROOT / "components")}]}
        (tmp_path / "Pulumi.yaml").write_text(json.dumps({"name": "other", "plugins": plugins} | project))
        for name, text in files:
            (tmp_path / name).write_text(text)
        environment = os.environ | {"PULUMI_BACKEND_URL": f"file://{tmp_path}", "PULUMI_CONFIG_PASSPHRASE": ""}

        def pulumi(*arguments):
            command = [str(PULUMI), *arguments, "--stack", "dev", "--non-interactive"]
            return subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=200
            )

        made = subprocess.run(
            [str(PULUMI), "stack", "init", "dev"], cwd=tmp_path, env=environment, capture_output=True, check=False
        )
        assert made.returncode == 0, made.stderr
        done, told = pulumi("preview", "--json"), pulumi("preview")
        assert done.returncode == told.returncode == 0, done.stdout + done.stderr + told.stdout
        # A preview in JSON has no outputs of the stack.
        assert '"https://hello.slipway-dev.dev.example.com:8443/hello"' in told.stdout
        return {step["urn"].split("::", 2)[2]: step["newState"] for step in json.loads(done.stdout)["steps"]}

    return run


def check(steps):
    service = next(state for urn, state in steps.items() if urn.endswith("serving.knative.dev/v1:Service::hello"))
    (container,) = service["inputs"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == IMAGE
    assert container["resources"]["limits"]["memory"] == "512Mi", "an integer stays one on its way through the engine"
    kinds = {urn.split("::")[0].split("$")[-1] for urn in steps}
    assert {"slipway:index:Environment", "slipway:index:Function", "kubernetes:core/v1:Namespace"} <= kinds


def test_a_program_of_another_process_gets_the_same_resources(preview):
    runtime = {"name": "python", "options": {"virtualenv": str(ROOT / ".venv")}}
    check(preview({"runtime": runtime}, ("__main__.py", REMOTE)))


@pytest.mark.skipif(
    not list((cache_dir() / "pulumi-home" / "plugins").glob("language-yaml-*")),
    reason="no host of Pulumi YAML here; run slipway toolchain install --for yaml",
)
def test_a_pulumi_yaml_program(preview):
    check(preview({"runtime": "yaml"} | YAML))
