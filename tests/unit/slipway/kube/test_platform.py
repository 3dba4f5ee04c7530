"""Whether a cluster can be deployed to: what it serves, how old that is, and a namespace that is going."""

import pytest

from slipway.core.errors import EngineError
from slipway.kube import platform
from slipway.kube.platform import NamespaceEndingError, check, wait_for_namespace

SERVING, EVENTING = "serving.knative.dev/v1", "eventing.knative.dev/v1"


class Cluster:
    """Stands for the API of a cluster."""

    environment, context, namespace = "dev", "team-dev", "shop"

    def __init__(self, serves=(SERVING, EVENTING), version="1.21.0", phases=()):
        self._serves, self._version, self._phases = serves, version, list(phases)
        self.looks = 0

    def serves(self, api_version):
        return api_version in self._serves

    def find(self, api_version, kind, name, *, namespace=None):
        if kind == "CustomResourceDefinition":
            if isinstance(self._version, Exception):
                raise self._version
            return {"metadata": {"labels": {"app.kubernetes.io/version": self._version}}}
        assert (kind, name) == ("Namespace", "shop")
        self.looks += 1
        phase = self._phases.pop(0) if len(self._phases) > 1 else self._phases[0]
        if phase is None:
            return None
        left = {"status": "True", "message": "Some resources are remaining: pods. has 1 resource instances"}
        gone = {"status": "False", "message": "all is well"}
        return {
            "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"},
            "status": {"phase": phase, "conditions": [left, gone]},
        }


def test_a_cluster_with_a_knative_that_fits():
    assert check(Cluster(version="1.16.2"), eventing=True) == []
    assert check(Cluster(version="v2.0"), eventing=True) == []


def test_a_cluster_without_knative_is_named_with_what_to_do():
    with pytest.raises(
        EngineError, match=r"dev: the cluster of context 'team-dev' does not serve Knative Serving .*1\.21"
    ):
        check(Cluster(serves=()), eventing=False)


def test_eventing_counts_only_for_functions_that_take_events():
    assert check(Cluster(serves=(SERVING,)), eventing=False) == []
    with pytest.raises(EngineError, match="does not serve Knative Eventing"):
        check(Cluster(serves=(SERVING,)), eventing=True)


def test_an_old_knative_is_refused():
    with pytest.raises(
        EngineError, match=r"has Knative Serving 1\.15, at least 1\.16 is needed; what to do: upgrade it"
    ):
        check(Cluster(version="1.15.9"), eventing=False)


@pytest.mark.parametrize("version", ["devel", "", EngineError("forbidden")])
def test_a_version_that_nobody_tells_is_said_to_be_not_checked(version):
    assert check(Cluster(version=version), eventing=False) == [
        "version of Knative Serving not checked: the cluster does not tell it"
    ]


def test_a_namespace_that_is_there_or_is_not_needs_no_waiting():
    for phase in ("Active", None):
        cluster = Cluster(phases=[phase])
        wait_for_namespace(cluster)
        assert cluster.looks == 1


def test_a_namespace_that_is_going_is_waited_for(monkeypatch):
    monkeypatch.setattr(platform.tenacity, "wait_fixed", lambda seconds: platform.tenacity.wait_none())
    cluster = Cluster(phases=["Terminating", "Terminating", None])
    wait_for_namespace(cluster)
    assert cluster.looks == 3


def test_a_namespace_that_does_not_go_is_told_with_what_it_waits_for():
    with pytest.raises(NamespaceEndingError) as told:
        wait_for_namespace(Cluster(phases=["Terminating"]), timeout_s=0)
    assert "namespace shop is being deleted since 2026-01-01T00:00:00Z" in str(told.value)
    assert "it waits: Some resources are remaining: pods" in str(told.value)
    assert "all is well" not in str(told.value)


class Logging:
    """Stands for the API of a cluster whose Knative logs in some way."""

    def __init__(self, data):
        self._data = data

    def find(self, api_version, kind, name, *, namespace=None):
        assert (api_version, kind, namespace, name) == (
            "v1", "ConfigMap", "knative-serving", "config-observability"
        )  # fmt: skip
        if isinstance(self._data, Exception):
            raise self._data
        return None if self._data is None else {"data": self._data}


ON = {
    "logging.enable-request-log": "true",
    "logging.request-log-template": '{"slipway": "request", "status": {{.Response.Code}}}',
}


def test_what_only_nodes_know_is_not_checked():
    (line,) = platform.logs(Logging(ON))
    assert "containerLogMaxSize) not checked" in line


@pytest.mark.parametrize("data", [None, {}, {**ON, "logging.enable-request-log": "false"}])
def test_request_logs_that_are_off_are_told_with_what_to_set(data):
    line = platform.logs(Logging(data))[0]
    assert line.startswith("request logs of Knative are off")
    assert "knative-serving/config-observability" in line


def test_request_logs_of_another_form_are_told():
    line = platform.logs(Logging({**ON, "logging.request-log-template": "{{.Request.Method}}"}))[0]
    assert "have another form" in line


def test_who_may_not_read_the_settings_is_told_that_they_are_not_checked():
    assert platform.logs(Logging(EngineError("forbidden")))[0] == "request logs of Knative not checked: forbidden"
