import json

import pytest

from toolchain.embedded_cluster.content import apply
from toolchain.embedded_cluster.content.manifests import Steps
from toolchain.embedded_cluster.content.readiness import Workload
from toolchain.embedded_cluster.errors import EmbeddedClusterError

_WEBHOOK_DOWN = 'failed calling webhook "config.webhook.serving.knative.dev": no endpoints available for service'


class _Cluster:
    """Records what is applied; `refuse` maps a document's name to errors that it gives first."""

    def __init__(self, refuse=None):
        self.applied, self._refuse, self.api = [], refuse or {}, self
        self.objects = {}

    def kubectl(self, *arguments, stdin=None):
        assert arguments[0] == "apply"
        assert "--server-side" in arguments
        names = [item["metadata"]["name"] for item in json.loads(stdin)["items"]]
        for name in names:
            if self._refuse.get(name):
                raise EmbeddedClusterError(self._refuse[name].pop(0))
        self.applied.append(names)
        for item in json.loads(stdin)["items"]:
            self.objects[item["metadata"]["name"]] = item
        return ""

    def get(self, path):
        return self.objects.get(path.rpartition("/")[2])


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(apply.tenacity.nap.time, "sleep", lambda _: None)


def nothing():
    """What takes no time."""


def steps():
    names = ("definitions", "others", "workloads", "custom")
    return Steps(*([{"kind": "X", "metadata": {"name": name}}] for name in names))


def test_steps_are_applied_in_order_and_workloads_wait_for_images():
    cluster, order = _Cluster(), []

    apply.apply(cluster, steps(), 5, images_there=lambda: order.extend(cluster.applied), until_ready=nothing)

    assert order == [["definitions"], ["others"]]
    assert cluster.applied == [["definitions"], ["others"], ["workloads"], ["custom"]]


def test_settings_refused_by_a_webhook_that_is_down_follow_its_workload():
    cluster = _Cluster({"others": [_WEBHOOK_DOWN, _WEBHOOK_DOWN]})

    apply.apply(cluster, steps(), 5, images_there=nothing, until_ready=nothing)

    assert cluster.applied == [["definitions"], ["workloads"], ["others"], ["custom"]]


def test_what_webhooks_look_at_waits_until_they_are_ready():
    cluster, before = _Cluster(), []

    apply.apply(cluster, steps(), 5, images_there=nothing, until_ready=lambda: before.extend(cluster.applied))

    assert before == [["definitions"], ["others"], ["workloads"]]


def test_kind_that_is_not_served_yet_is_tried_again():
    cluster = _Cluster({"custom": ['no matches for kind "Image" in version "caching"'] * 3})

    apply.apply(cluster, steps(), 5, images_there=nothing, until_ready=nothing)

    assert cluster.applied[-1] == ["custom"]


@pytest.mark.parametrize("step", ["definitions", "others", "workloads", "custom"])
def test_refusal_for_good_is_told_at_once(step):
    cluster = _Cluster({step: ["spec.replicas: Invalid value", "never reached"]})

    with pytest.raises(EmbeddedClusterError, match="Invalid value"):
        apply.apply(cluster, steps(), 60, images_there=nothing, until_ready=nothing)


def test_webhook_that_stays_down_ends_the_wait(monkeypatch):
    cluster = _Cluster({"custom": [_WEBHOOK_DOWN] * 1000})

    with pytest.raises(EmbeddedClusterError, match="no endpoints available"):
        apply.apply(cluster, steps(), 0, images_there=nothing, until_ready=nothing)


def test_record_survives_the_way_through_the_cluster():
    cluster = _Cluster()
    what = apply.Record("abc", (Workload("kube-system", "DaemonSet", "network-policies"),))

    apply.record(cluster, what)

    assert apply.recorded(cluster) == what


@pytest.mark.parametrize("data", [{}, {"digest": "abc"}, {"digest": "abc", "workloads": "["}])
def test_half_a_record_is_none(data):
    cluster = _Cluster()
    cluster.objects["slipway-content"] = {"data": data}

    assert apply.recorded(cluster) is None


def test_no_record_is_none():
    assert apply.recorded(_Cluster()) is None


def test_digest_follows_contents_and_values_not_places(tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "elsewhere" / "two.yaml"
    two.parent.mkdir()
    one.write_text("a: 1")
    two.write_text("a: 1")

    assert apply.digest([one], {"x": "1"}) == apply.digest([two], {"x": "1"})
    assert apply.digest([one], {"x": "1"}) != apply.digest([one], {"x": "2"})
    two.write_text("a: 2")
    assert apply.digest([one], {"x": "1"}) != apply.digest([two], {"x": "1"})
