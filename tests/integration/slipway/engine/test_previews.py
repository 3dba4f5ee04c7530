"""The environments that look like a team's own are previewed as they stand, on platforms that stand for theirs.

Only what leads to an account or a cluster is changed in a copy: keys of the secrets provider, the address of AWS, the
base image's digest, and a kubeconfig that has the context of that name.
"""

import json

import pytest
import yaml

from tests.integration.slipway.engine.conftest import Checkout, KnativeCheckout

pytestmark = pytest.mark.timeout(1200)
SAMPLES = ("audit", "hello", "nightly-report", "orders", "receipts")


def without_keys(checkout, environment, change):
    """The environment's file with a passphrase in place of keys in AWS, and with other changes."""
    file = checkout.root / "stacks" / f"Pulumi.{environment}.yaml"
    content = yaml.safe_load(file.read_text())
    assert content.pop("secretsprovider").startswith("awskms:")
    change(content["config"])
    file.write_text(yaml.safe_dump(content))


def planned(checkout, environment):
    steps = json.loads(checkout.run("preview", "-s", environment, "--json", timeout=600).stdout)["steps"]
    assert {step["op"] for step in steps} == {"create"}
    return {(step["type"], step["name"]) for step in steps}


def test_dev_on_knative(tmp_path, cluster):
    checkout = KnativeCheckout(tmp_path / "checkout", cluster, SAMPLES)
    access = yaml.safe_load(cluster.config.kubeconfig.read_text())
    access["contexts"][0]["name"] = access["current-context"] = "team-dev"
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(access))
    checkout.environment = {"KUBECONFIG": str(tmp_path / "kubeconfig")}

    def change(config):
        config["slipway:images"]["base"]["python3.11"] = cluster.base()

    without_keys(checkout, "dev", change)
    steps = planned(checkout, "dev")
    for name in SAMPLES:
        assert ("kubernetes:serving.knative.dev/v1:Service", name) in steps
    assert ("kubernetes:messaging.knative.dev/v1:Channel", "dev-channel-receipts") in steps
    assert not any(kind.startswith("aws:") for kind, _ in steps)
    assert cluster.kubectl("get", "namespace", "functions-dev", "--ignore-not-found") == ""


def test_prod_on_lambda(tmp_path):
    checkout = Checkout(tmp_path)
    checkout.run("local", "start")
    try:

        def change(config):
            config["slipway:aws"] |= {
                "endpoint": f"http://127.0.0.1:{checkout.api_port}",
                "httpEntry": f"http://127.0.0.1:{checkout.entry_port}",
                "accessKey": "local",
                "secretKey": "local",
            }
            config["slipway:policy"] = {"rules": {"Q3": "disabled", "S2": "disabled"}}  # an embedded AWS has no TLS

        without_keys(checkout, "prod", change)
        steps = planned(checkout, "prod")
        for name in SAMPLES:
            assert ("aws:lambda/function:Function", name) in steps
        assert not any(kind.startswith("kubernetes:") for kind, _ in steps)
        assert not any(kind == "aws:kms/key:Key" for kind, _ in steps), "prod names its own key"
    finally:
        checkout.run("local", "stop")
