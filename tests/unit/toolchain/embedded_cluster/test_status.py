import pytest

from toolchain.embedded_cluster import status
from toolchain.embedded_cluster.api import ApiError
from toolchain.embedded_cluster.context import Part, State

BOOT = "boot-2"


class Api:
    def __init__(self, node):
        self.node = node

    def get(self, path):
        assert path == "/api/v1/nodes/slipway"
        if isinstance(self.node, Exception):
            raise self.node
        return self.node


def node(boot, ready, message=""):
    return {
        "status": {
            "nodeInfo": {"bootID": boot},
            "conditions": [{"type": "Ready", "status": ready, "message": message}],
        }
    }


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (node(BOOT, "True"), State.OK),
        (node("boot-1", "True"), State.STARTING),  # what was true before the restart
        (node(BOOT, "False"), State.STARTING),
        (None, State.STARTING),
        ({"status": {}}, State.STARTING),
        (ApiError("no answer"), State.UNKNOWN),
    ],
)
def test_the_node_is_ready_only_when_the_kubelet_of_this_boot_says_so(found, state):
    assert status.node_part(Api(found), BOOT).state is state


def test_why_the_node_is_not_ready_is_told():
    assert status.node_part(Api(node(BOOT, "False", "no network")), BOOT).detail == "no network"


def test_the_supervisors_answer_is_read():
    parts = [{"name": "etcd", "state": "ok", "pid": 7, "detail": "", "hangs": True}]
    answer = status.Answer.of({"digest": "d", "boot": BOOT, "bootedAt": 0, "parts": parts})
    assert answer.parts == (Part(name="etcd", state=State.OK, pid=7),)
    assert answer.hung == {"etcd"}
    assert answer.booted_at.year == 1970


@pytest.mark.parametrize(
    "values", [None, {}, {"digest": "d"}, {"digest": "d", "boot": "b", "bootedAt": 0, "parts": [{}]}]
)
def test_nonsense_is_no_answer(values):
    assert status.Answer.of(values) is None


def test_what_does_not_run_is_not_healthy_and_has_no_instance(config):
    found = status.look(config)
    assert (found.running, found.healthy, found.instance, found.parts) == (False, False, None, ())


def test_the_instance_is_read_and_told_with_the_addresses(config):
    config.data.mkdir(parents=True)
    (config.data / "instance").write_text("1234\n")
    found = status.look(config).to_json()
    assert found["instance"] == "1234"
    assert found["api_url"] == "https://127.0.0.1:4612"
    assert found["entry_url"] == "http://127.0.0.1:4613"
    assert found["registry"] == "127.0.0.1:4614"
    assert found["kubeconfig"] == str(config.kubeconfig)
