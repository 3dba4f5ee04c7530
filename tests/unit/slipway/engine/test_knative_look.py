"""Why a Knative Service does not get ready: what is read of it, in which order, and what is left out."""

import json

import pytest

from slipway.core.errors import EngineError
from slipway.engine.diagnose import explain
from slipway.engine.knative_look import look
from slipway.engine.steps import Diagnostic

PARENTS = "slipway:index:Environment$slipway:index:Function"
URN = f"urn:pulumi:dev::slipway::{PARENTS}$kubernetes:serving.knative.dev/v1:Service::hello"
FAILED = [Diagnostic(severity="error", message="timed out waiting for the condition", urn=URN)]
PULL = 'ErrImagePull: failed to pull and unpack image "127.0.0.1:4614/hello@sha256:00": not found'


def condition(kind, status, reason="", message="", **more):
    return {"type": kind, "status": status, "reason": reason, "message": message, **more}


def pod(*containers, conditions=()):
    return {
        "metadata": {"name": "hello-00002-x"},
        "status": {"conditions": conditions, "containerStatuses": containers},
    }


class Cluster:
    """Stands for the API: a Service with its Configuration and Revision, and the pods that it is given."""

    def __init__(self, *pods, revision=(), events=(), logs="", before=None, service=(), refused=()):
        self.objects = {
            "Service": {"status": {"conditions": [condition("Ready", "False", "RevisionFailed", "x"), *service]}},
            "Configuration": {"status": {"latestCreatedRevisionName": "hello-00002"}},
            "Revision": {"status": {"conditions": list(revision)}},
        }
        self.pods, self.events = pods, events
        self.text = {False: logs, True: logs if before is None else before}
        self.refused = refused
        self.asked = []

    def find(self, api_version, kind, name, *, namespace=None):
        assert (api_version, namespace) == ("serving.knative.dev/v1", "shop")
        assert name == ("hello-00002" if kind == "Revision" else "hello")
        return self.objects.get(kind)

    def list(self, api_version, kind, *, namespace=None, labels=None, fields=None):
        if fields and fields.get("reason") == "FailedCreate":
            assert fields["involvedObject.kind"] == "ReplicaSet"
            return list(self.refused)
        self.asked.append((kind, labels or fields))
        return list(self.events if kind == "Event" else self.pods)

    def logs(self, name, *, namespace, container, lines, previous=False):
        self.asked.append(("logs", name, container, previous))
        return self.text[previous]


def test_an_image_that_is_missing():
    waiting = {"reason": "ImagePullBackOff", "message": PULL}
    cluster = Cluster(
        pod({"name": "function", "ready": False, "state": {"waiting": waiting}}),
        revision=[condition("ResourcesAvailable", "Unknown", "Deploying")],
        events=[{"reason": "BackOff", "message": "Back-off pulling image"}],
    )
    lines = look(cluster, "shop", [URN])
    assert lines == [f"hello: pod hello-00002-x: ImagePullBackOff: {PULL}"]
    assert (
        explain(FAILED, "", "dev", lines).splitlines()[-1].startswith("the image is not in the registry; what to do:")
    )
    assert ("Pod", {"serving.knative.dev/revision": "hello-00002"}) in cluster.asked


def test_last_words_of_a_container_that_ended_and_was_started_again():
    ended = {"exitCode": 1, "reason": "Error", "message": "the end of the log"}
    error = {
        "level": "ERROR",
        "message": "main.py cannot be imported",
        "errorType": "ModuleNotFoundError",
        "errorMessage": "No module named 'x'",
    }
    cluster = Cluster(
        pod(
            {
                "name": "function",
                "ready": False,
                "restartCount": 2,
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
                "lastState": {"terminated": ended},
            },
            {"name": "queue-proxy", "ready": False, "state": {"running": {}}},
        ),
        logs="Traceback\n\n" + json.dumps(error) + "\n",
    )
    assert look(cluster, "shop", [URN]) == [
        "hello: pod hello-00002-x: CrashLoopBackOff: back-off 10s",
        "hello: pod hello-00002-x: Error: container function exited with code 1",
        "hello: pod hello-00002-x: said: Traceback",
        "hello: pod hello-00002-x: said: main.py cannot be imported ModuleNotFoundError: No module named 'x'",
    ]
    assert ("logs", "hello-00002-x", "function", True) in cluster.asked


RESTARTED = {
    "name": "function",
    "ready": False,
    "restartCount": 1,
    "state": {"running": {}},
    "lastState": {"terminated": {"exitCode": 4, "reason": "Error"}},
}


@pytest.mark.parametrize(("logs", "before"), [("", "the moon is full"), ("starting", "the moon is full")])
def test_last_words_of_the_container_that_ended_while_the_next_one_has_said_nothing_yet(logs, before):
    lines = look(Cluster(pod(RESTARTED), logs=logs, before=before), "shop", [URN])
    assert lines[-1] == "hello: pod hello-00002-x: said: the moon is full"
    assert not any("starting" in line for line in lines)


def test_last_words_where_the_one_before_is_gone():
    lines = look(Cluster(pod(RESTARTED), logs="the moon is full", before=""), "shop", [URN])
    assert lines[-1] == "hello: pod hello-00002-x: said: the moon is full"


@pytest.mark.parametrize("pods", [(), (pod(RESTARTED),)])
def test_the_log_that_knative_kept_where_no_pod_says_anything(pods):
    kept = "Container failed with: Traceback\n\nRuntimeError: the moon is full\n"
    cluster = Cluster(*pods, revision=[condition("ContainerHealthy", "False", "ExitCode4", kept)])
    lines = look(cluster, "shop", [URN])
    assert lines[0] == "hello: revision hello-00002: ExitCode4: the container failed"
    assert lines[-1] == "hello: revision hello-00002: said: RuntimeError: the moon is full"


def test_a_quota_without_any_pod_is_on_the_revision():
    message = 'pods "hello-x" is forbidden: exceeded quota: slipway, requested: limits.memory=256Mi'
    cluster = Cluster(revision=[condition("ResourcesAvailable", "False", "FailedCreate", message)])
    lines = look(cluster, "shop", [URN])
    assert lines == [f"hello: revision hello-00002: FailedCreate: {message}"]
    assert "the quota of the namespace is used up; what to do:" in explain(FAILED, "", "dev", lines)


def test_a_quota_that_only_events_tell_of():
    def event(replica_set, when, message):
        about = {"kind": "ReplicaSet", "name": replica_set}
        return {"involvedObject": about, "reason": "FailedCreate", "lastTimestamp": when, "message": message}

    message = 'Error creating: pods "hello-x" is forbidden: exceeded quota: nothing-more, requested: pods=1'
    refused = [
        event("hello-00002-deployment-5c9", "2", message),
        event("hello-00002-deployment-5c9", "1", "an older one"),
        event("hello-00001-deployment-7f4", "3", "another revision"),
    ]
    lines = look(Cluster(refused=refused), "shop", [URN])
    assert lines == [f"hello: FailedCreate: {message}"]
    assert "the quota of the namespace is used up; what to do:" in explain(FAILED, "", "dev", lines)


def test_the_registrys_answer_is_told_rather_than_the_bare_reason():
    pulled = {
        "reason": "Failed",
        "message": 'Failed to pull image "x@sha256:00": rpc error: code = NotFound desc = failed',
        "lastTimestamp": "1",
    }
    bare = {"reason": "Failed", "message": "Error: ImagePullBackOff", "lastTimestamp": "2"}
    waiting = {"name": "function", "ready": False, "state": {"waiting": {"reason": "ContainerCreating"}}}
    lines = look(Cluster(pod(waiting), events=[bare, pulled]), "shop", [URN])
    assert f"hello: pod hello-00002-x: Failed: {pulled['message']}" in lines
    assert not any("Error: ImagePullBackOff" in line for line in lines)
    assert "the image is not in the registry" in explain(FAILED, "", "dev", lines)


def test_a_log_in_a_condition_is_not_repeated():
    failed = [condition("ContainerHealthy", "False", "ExitCode1", 'Container failed with: {"level": "ERROR"}')]
    ended = {"exitCode": 128, "reason": "StartError", "message": "exec: no such file"}
    container = {"name": "function", "ready": False, "state": {"terminated": ended}}
    assert look(Cluster(pod(container), revision=failed, logs="no such file"), "shop", [URN]) == [
        "hello: revision hello-00002: ExitCode1: the container failed",
        "hello: pod hello-00002-x: StartError: exec: no such file",
        "hello: pod hello-00002-x: said: no such file",
    ]


def test_what_is_ready_or_only_informs_is_not_told():
    cluster = Cluster(
        pod({"name": "function", "ready": True, "state": {"running": {}}}),
        revision=[condition("Active", "False", "NoTraffic", "no calls", severity="Info"), condition("Ready", "True")],
    )
    assert look(cluster, "shop", [URN]) == []


def test_the_newest_warning_of_each_kind_and_no_text_without_end():
    events = [
        {"reason": "Unhealthy", "message": "new", "lastTimestamp": "2026-01-01T00:00:02Z"},
        {"reason": "Unhealthy", "message": "old", "lastTimestamp": "2026-01-01T00:00:01Z"},
        {"reason": "FailedMount", "message": "m" * 1000, "eventTime": "2026-01-01T00:00:00Z"},
    ]
    lines = look(Cluster(pod(), events=events), "shop", [URN])
    assert lines[1] == "hello: pod hello-00002-x: Unhealthy: new"
    assert len(lines) == 2
    assert lines[0].endswith("m ...")
    assert len(lines[0]) < 400


def test_only_services_that_failed_are_looked_at_and_once():
    cluster = Cluster()
    assert look(cluster, "shop", [URN.replace("kubernetes:serving.knative.dev/v1:Service", "aws:x/y:Y"), ""]) == []
    assert cluster.asked == []
    look(cluster, "shop", [URN, URN])
    assert [kind for kind, *_ in cluster.asked] == ["Pod"]


def test_a_service_that_was_never_made_has_nothing_to_tell():
    cluster = Cluster()
    cluster.objects.clear()
    assert look(cluster, "shop", [URN]) == []


def test_a_cluster_that_cannot_be_asked_is_said_and_hides_nothing(monkeypatch):
    def refuse(*arguments, **options):
        raise EngineError("no answer")

    monkeypatch.setattr(Cluster, "find", refuse)
    assert look(Cluster(), "shop", [URN]) == ["hello: not checked why it is not ready: no answer"]


@pytest.mark.parametrize("text", ["", "urn", "a::b"])
def test_what_is_no_urn_has_no_type(text):
    assert look(Cluster(), "shop", [text]) == []
