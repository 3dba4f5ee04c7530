import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest

from toolchain.embedded_cluster.api import ApiError
from toolchain.embedded_cluster.content import apply, converge, manifests
from toolchain.embedded_cluster.content.readiness import Workload
from toolchain.embedded_cluster.context import State
from toolchain.embedded_cluster.errors import EmbeddedClusterError
from toolchain.progress import Reporter

_BOOT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_WORKLOADS = (
    Workload("kube-system", "Deployment", "coredns"),
    Workload("kube-system", "DaemonSet", "network-policies"),
    Workload("knative-serving", "Deployment", "activator"),
    Workload("knative-eventing", "Deployment", "eventing-controller"),
    Workload("kourier-system", "Deployment", "gateway"),
)


class Cluster:
    """An API server of dictionaries: workloads, their pods and what kubectl was asked to apply."""

    def __init__(self, folder, workloads=_WORKLOADS):
        self.api, self.binaries, self.volumes, self.booted_at = self, {}, folder, _BOOT
        self.registry, self.cache = "127.0.0.1:1", folder
        self.workloads = dict.fromkeys(workloads, True)
        self.record, self.applied, self.failures = None, [], 0

    def get(self, path):
        if self.failures:
            self.failures -= 1
            raise ApiError("no answer")
        if path.endswith("/configmaps/slipway-content"):
            return self.record
        if path.startswith("/apis/apps/v1/"):
            kind = {"deployments": "Deployment", "daemonsets": "DaemonSet"}[path.rpartition("/")[2]]
            return {"items": [self._object(workload) for workload in self.workloads if workload.kind == kind]}
        space = path.split("/")[4]
        return {"items": [self._pod(w, ready) for w, ready in self.workloads.items() if w.namespace == space]}

    def kubectl(self, *arguments, stdin=None):
        if arguments[0] != "apply":
            raise EmbeddedClusterError("no log")
        items = json.loads(stdin)["items"]
        self.applied += [item["metadata"]["name"] for item in items]
        for item in items:
            if item["metadata"]["name"] == "slipway-content":
                self.record = item
            if item["kind"] == "Deployment":
                self.workloads[Workload("knative-serving", "Deployment", item["metadata"]["name"])] = True
        return ""

    @staticmethod
    def _object(workload):
        labels = {"app": workload.name}
        return {
            "metadata": {"namespace": workload.namespace, "name": workload.name, "generation": 1},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}},
            "status": {"observedGeneration": 1, "updatedReplicas": 1, "updatedNumberScheduled": 1},
        }

    @staticmethod
    def _pod(workload, ready):
        return {
            "metadata": {"name": f"{workload.name}-1", "labels": {"app": workload.name}},
            "status": {
                "conditions": [{"type": "Ready", "status": str(ready)}],
                "containerStatuses": [{"name": "main", "state": {"running": {"startedAt": "2026-01-01T00:00:09Z"}}}],
            },
        }


@pytest.fixture
def cluster(tmp_path):
    return Cluster(tmp_path)


@pytest.fixture(autouse=True)
def one_document(monkeypatch):
    """The content is one Deployment; nothing is waited for in real time."""
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "activator", "namespace": "knative-serving"},
        "spec": {"selector": {"matchLabels": {"app": "activator"}}, "template": {"spec": {"containers": []}}},
    }
    monkeypatch.setattr(manifests, "files", lambda binaries, own: [])
    monkeypatch.setattr(manifests, "read", lambda files: [json.loads(json.dumps(document))])
    monkeypatch.setattr(converge.time, "sleep", lambda _: None)
    monkeypatch.setattr(apply, "serves", lambda *_: None)


_REFERENCES = {"slipway/envoy": "envoy:1", "knative.dev/serving/cmd/queue": "queue:1"}


def apply_again(cluster, references=None):
    return converge._apply(cluster, references or _REFERENCES, Reporter(), lambda: None)


def test_second_time_applies_nothing(cluster):
    first = apply_again(cluster)
    applied = list(cluster.applied)

    assert apply_again(cluster) == first == (Workload("knative-serving", "Deployment", "activator"),)
    assert cluster.applied == applied


def test_another_image_applies_again(cluster):
    apply_again(cluster)
    cluster.applied.clear()

    apply_again(cluster, {**_REFERENCES, "knative.dev/serving/cmd/queue": "queue:2"})

    assert "activator" in cluster.applied


def test_workload_that_is_gone_is_applied_again(cluster):
    apply_again(cluster)
    cluster.applied.clear()
    del cluster.workloads[Workload("knative-serving", "Deployment", "activator")]

    apply_again(cluster)

    assert "activator" in cluster.applied


def test_nothing_is_recorded_before_all_is_applied(cluster, monkeypatch):
    def refuse(*_, **__):
        raise EmbeddedClusterError("refused")

    monkeypatch.setattr(apply, "apply", refuse)

    with pytest.raises(EmbeddedClusterError, match="refused"):
        apply_again(cluster)
    assert cluster.record is None


def test_wait_tells_whether_it_had_to(cluster):
    assert converge._wait(cluster, _WORKLOADS, Reporter()) is False


def test_wait_outlives_an_api_server_that_starts_again(cluster):
    cluster.failures = 3

    assert converge._wait(cluster, _WORKLOADS, Reporter()) is False


def test_wait_ends_with_what_is_not_ready_and_why(cluster, monkeypatch):
    cluster.workloads[_WORKLOADS[2]] = False
    clock = iter(range(0, 100_000, 100))
    monkeypatch.setattr(converge.time, "monotonic", lambda: next(clock))

    with pytest.raises(EmbeddedClusterError) as caught:
        converge._wait(cluster, _WORKLOADS, Reporter())

    assert "knative-serving/activator is not ready: it is running and not ready yet" in str(caught.value)
    assert "coredns" not in str(caught.value)


def test_inspect_shows_each_piece(cluster):
    cluster.workloads[_WORKLOADS[2]] = False
    apply.record(cluster, apply.Record("x", _WORKLOADS))

    parts = {part.name: (part.state, part.detail) for part in converge.inspect(cluster)}

    assert parts == {
        "coredns": (State.OK, ""),
        "network-policies": (State.OK, ""),
        "knative-serving": (State.STARTING, "activator: it is running and not ready yet"),
        "kourier": (State.OK, ""),
        "knative-eventing": (State.OK, ""),
    }


def test_inspect_shows_what_is_gone_as_failed(cluster):
    apply.record(cluster, apply.Record("x", _WORKLOADS))
    del cluster.workloads[_WORKLOADS[4]]

    (kourier,) = [part for part in converge.inspect(cluster) if part.name == "kourier"]

    assert (kourier.state, kourier.detail) == (State.FAILED, "kourier-system/gateway: it does not exist")


def test_inspect_of_an_empty_cluster_says_how_to_fill_it(cluster):
    (part,) = converge.inspect(cluster)

    assert (part.state, "slipway cluster up" in part.detail) == (State.STOPPED, True)


def test_silent_registry_is_named(cluster):
    @dataclasses.dataclass
    class Base:
        digest: str = "sha256:0"

    with pytest.raises(EmbeddedClusterError, match=r"registry at 127\.0\.0\.1:1 does not answer"):
        converge._push_base(cluster, Base(), Reporter())


def test_own_yaml_is_where_it_is_read_from():
    assert {path.name for path in Path(converge.__file__).parent.joinpath("manifests").iterdir()} == {
        "coredns.yaml",
        "network-policies.yaml",
        "storage.yaml",
    }
