"""The canary's pod: like the function's, and gone before anybody looks."""

import json
import subprocess
import sys

import pytest

from slipway.core.errors import EngineError
from slipway.kube import canary
from slipway.running.canary import Run
from slipway.running.records import Origin
from tests.unit.slipway.kube.api_server import NAMESPACE, SERVING, refusal, service

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
RUN = Run(id="abc", count=3, level="WARN")
POD = f"{PODS}/orders-2-d-canary-abc"


def deployed(name, image):
    found = service(name)
    found["spec"]["template"] = {
        "metadata": {
            "labels": {
                "slipway.io/function": name,
                "slipway.io/owner": "team-shop",
                "app.kubernetes.io/managed-by": "slipway",
            },
            "annotations": {"slipway.io/owner": "Team Shop"},
        },
        "spec": {
            "serviceAccountName": f"function-{name}",
            "containers": [
                {
                    "name": "function",
                    "image": image,
                    "resources": {"limits": {"memory": "128Mi"}},
                    "securityContext": {"runAsNonRoot": True},
                    "env": [{"name": "PASSWORD", "value": "hush"}],
                }
            ],
        },
    }
    return found


@pytest.fixture
def functions(server, monkeypatch):
    monkeypatch.setattr(canary, "_LOOK_S", 0)
    server.on(f"GET {SERVING}/namespaces/{NAMESPACE}/services/report", deployed("report", "perl@sha256:1"))
    server.on(f"GET {SERVING}/namespaces/{NAMESPACE}/services/hello", deployed("hello", "python@sha256:2"))
    server.on(f"POST {PODS}", (201, {"kind": "Pod"}))
    server.on(f"DELETE {POD}", {"kind": "Pod"})
    return server


def phase(name, **status):
    return {"kind": "Pod", "status": {"phase": name, **status}}


def test_the_pod_has_the_functions_marks_and_anothers_image(kube, functions):
    functions.on(f"GET {POD}", phase("Pending"), phase("Running"), phase("Succeeded"))
    with canary.planted(kube, "report", "hello", RUN):
        assert [seen.path for seen in functions.requests("DELETE")] == [POD]
    pod = functions.requests("POST")[0].json
    assert pod["metadata"]["labels"] == {
        "slipway.io/function": "report",
        "slipway.io/owner": "team-shop",
        "app.kubernetes.io/managed-by": "slipway",
        "serving.knative.dev/service": "report",
    }
    assert pod["metadata"]["annotations"] == {"slipway.io/owner": "Team Shop"}
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["spec"]["automountServiceAccountToken"] is False
    (container,) = pod["spec"]["containers"]
    assert (container["name"], container["image"]) == ("function", "python@sha256:2")
    assert container["securityContext"] == {"runAsNonRoot": True}
    assert "hush" not in json.dumps(pod)


def test_its_program_prints_the_lines(kube, functions):
    functions.on(f"GET {POD}", phase("Succeeded"))
    with canary.planted(kube, "hello", "hello", RUN):
        pass
    _, *arguments = functions.requests("POST")[0].json["spec"]["containers"][0]["command"]
    printed = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout
    origin = Origin(environment="dev", function="hello", target="knative")
    records = [
        origin.record(line, timestamp="1970-01-01T00:00:00.000Z", own_time=True, id="i", revision=None)
        for line in printed.splitlines()
    ]
    assert [RUN.number_of(record) for record in records] == [0, 1, 2]
    assert {record.envelope["severity"] for record in records} == {"WARN"}
    assert {record.envelope["message"] for record in records} == {RUN.message}
    assert all(record.nanos > 0 for record in records)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (phase("Failed", containerStatuses=[{"state": {"terminated": {"reason": "Error"}}}]), r"\(Failed, Error\)"),
        (phase("Pending", containerStatuses=[{"state": {"waiting": {"reason": "ErrImagePull"}}}]), "ErrImagePull"),
        (refusal(404, "NotFound", "gone"), r"\(gone\)"),
    ],
)
def test_a_pod_that_does_not_run_is_told_and_deleted(kube, functions, monkeypatch, answer, why):
    monkeypatch.setattr(canary, "_RUN_S", 0.2)
    functions.on(f"GET {POD}", answer)
    with (
        pytest.raises(EngineError, match=rf"report: canary: its pod does not run .*{why}.*what to do: look at quotas"),
        canary.planted(kube, "report", "hello", RUN),
    ):
        pytest.fail("must not get here")
    assert functions.requests("DELETE")


def test_a_refusal_is_told(kube, functions):
    functions.on(f"POST {PODS}", refusal(403, "Forbidden", "pods is forbidden: User x cannot create resource"))
    with (
        pytest.raises(EngineError, match="report: canary: pods is forbidden"),
        canary.planted(kube, "report", "hello", RUN),
    ):
        pytest.fail("must not get here")


def test_a_function_that_is_not_there_is_told(kube, functions):
    with (
        pytest.raises(EngineError, match="gone: there is no Knative Service slipway-dev/gone"),
        canary.planted(kube, "gone", "hello", RUN),
    ):
        pytest.fail("must not get here")
