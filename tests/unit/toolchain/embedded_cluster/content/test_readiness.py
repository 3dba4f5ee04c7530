import datetime as dt

import pytest

from toolchain.embedded_cluster.content import readiness
from toolchain.embedded_cluster.content.readiness import Workload

_BOOT = dt.datetime(2026, 1, 1, 12, 0, 0, tzinfo=dt.UTC)
_AFTER, _BEFORE = "2026-01-01T12:00:05Z", "2026-01-01T11:00:00Z"
_WANTED = Workload("knative-serving", "Deployment", "activator")


def deployment(**status):
    return {
        "metadata": {"generation": 2, "namespace": "knative-serving", "name": "activator"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "activator"}}},
        "status": {"observedGeneration": 2, "updatedReplicas": 1, **status},
    }


def pod(*, started=_AFTER, ready="True", state=None, labels=None, **metadata):
    return {
        "metadata": {"name": "activator-1", "labels": labels or {"app": "activator", "x": "y"}, **metadata},
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": "activator", "state": state or {"running": {"startedAt": started}}}],
        },
    }


def judge(found, pods):
    return readiness.judge(_WANTED, found, pods, _BOOT)


def test_ready_when_a_pod_of_this_boot_is_ready():
    assert judge(deployment(), [pod()]).ready


def test_missing_workload_does_not_exist():
    finding = judge(None, [])

    assert (finding.exists, finding.ready) == (False, False)


@pytest.mark.parametrize(
    ("found", "pods", "why"),
    [
        (deployment(observedGeneration=1), [pod()], "its controller has not seen it yet"),
        (deployment(), [pod(started=_BEFORE)], "it has not begun again since the node started"),
        (deployment(), [pod(ready="False")], "it is running and not ready yet"),
        (deployment(), [], "it has no pod yet"),
        (deployment(), [pod(labels={"app": "other"})], "it has no pod yet"),
        (deployment(), [pod(deletionTimestamp=_AFTER)], "it has no pod yet"),
        (
            deployment(conditions=[{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]),
            [],
            "exceeded quota",
        ),
    ],
)
def test_says_why_it_is_not_ready(found, pods, why):
    finding = judge(found, pods)

    assert not finding.ready
    assert finding.why == why


def test_waiting_container_tells_reason_message_and_last_end():
    waiting = pod(state={"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}, ready="False")
    waiting["status"]["containerStatuses"][0]["lastState"] = {"terminated": {"exitCode": 2}}

    finding = judge(deployment(), [waiting])

    assert finding.why == "activator is waiting, CrashLoopBackOff: back-off 10s (it ended with status 2 before)"
    assert finding.pod == "activator-1"


def test_pod_that_fits_nowhere_is_told():
    unscheduled = pod()
    unscheduled["status"] = {
        "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes: memory"}]
    }

    assert judge(deployment(), [unscheduled]).why == "no room on the node: 0/1 nodes: memory"


def test_evicted_pod_does_not_count_against_its_successor():
    evicted = pod(ready="False")
    evicted["status"]["phase"] = "Failed"

    assert judge(deployment(), [evicted, pod()]).ready


def test_workloads_are_those_that_begin_with_a_replica():
    documents = [
        {"kind": "Deployment", "metadata": {"namespace": "b", "name": "x"}, "spec": {"replicas": 1}},
        {"kind": "Deployment", "metadata": {"namespace": "a", "name": "later"}, "spec": {"replicas": 0}},
        {"kind": "DaemonSet", "metadata": {"namespace": "a", "name": "node"}, "spec": {}},
        {"kind": "Service", "metadata": {"namespace": "a", "name": "s"}, "spec": {}},
    ]

    assert readiness.workloads(documents) == [Workload("a", "DaemonSet", "node"), Workload("b", "Deployment", "x")]


class _Cluster:
    """Answers kubectl from a table; a missing entry fails."""

    def __init__(self, answers):
        self._answers = answers

    def kubectl(self, *arguments):
        from toolchain.embedded_cluster.errors import EmbeddedClusterError

        for part, answer in self._answers.items():
            if part in arguments:
                return answer
        raise EmbeddedClusterError("no such thing")


def test_explanation_shows_log_and_warnings_of_the_pod():
    finding = readiness.Finding(_WANTED, exists=True, ready=False, why="it ended", pod="activator-1")
    cluster = _Cluster({"--all-containers": "panic: no config\n", "events": "Warning BackOff\n"})

    text = readiness.explain(cluster, [finding])

    assert "knative-serving/activator is not ready: it ended" in text
    assert "panic: no config" in text
    assert "Warning BackOff" in text


def test_explanation_leaves_out_what_is_ready():
    fine = readiness.Finding(_WANTED, exists=True, ready=True)

    assert readiness.explain(_Cluster({}), [fine]) == ""
