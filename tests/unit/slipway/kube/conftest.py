"""A cluster that is reached by the real client, at a server of the test's own."""

import threading

import pytest
import yaml

from slipway.kube.clients import Kube
from tests.unit.slipway.kube.api_server import NAMESPACE, Server


@pytest.fixture
def server():
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def kubeconfig(server, tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": server.url}}],
                "users": [{"name": "u", "user": {"token": "hush"}}],
                "contexts": [{"name": "slipway", "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    return path


@pytest.fixture
def kube(kubeconfig):
    return Kube(
        environment="dev", namespace=NAMESPACE, domain="localhost", context="slipway", kubeconfig=kubeconfig, entry=None
    )
