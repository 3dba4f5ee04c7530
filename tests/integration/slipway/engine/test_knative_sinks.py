"""Logs of functions on a real cluster, in the real Loki beside it: by the agent that an update deployed."""

import gzip
import json
import shutil
import time

import pytest
import requests
from jsonschema import Draft202012Validator

from slipway.core.envelope import Envelope
from tests.cluster import SECURE

pytestmark = pytest.mark.timeout(1800)

SCHEMA = Draft202012Validator(Envelope.model_json_schema())
_WAIT_S = 90.0
_TALKING = """
import logging

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)


def hello(request):
    for number in range(int(request.args.get("lines", "0"))):
        log.info("line %d", number, extra={"number": number})
    if "fail" in request.args:
        try:
            {}["a"]
        except KeyError:
            log.exception("it failed")
    print("plain words", flush=True)
    return "done\\n"
"""
_SECRET = 'c4n4ry-of-a-secret"/+'


@pytest.fixture(scope="module")
def deployed(knative):
    (knative.root / "functions/hello/main.py").write_text(_TALKING)
    knative.run("up", timeout=900)
    return knative


def envelopes(deployed, enough):
    """All envelopes of the namespace in Loki, each valid, as soon as there are enough."""
    end = time.monotonic() + _WAIT_S
    while True:
        answer = requests.get(
            f"{deployed.cluster.config.loki_url}/loki/api/v1/query_range",
            params={
                "query": f'{{service_namespace="{deployed.namespace}"}} !~ `"source":"event"`',
                "limit": 5000,
                "since": "1h",
            },
            timeout=30,
        )
        answer.raise_for_status()
        found = [json.loads(line) for stream in answer.json()["data"]["result"] for _, line in stream["values"]]
        for envelope in found:
            SCHEMA.validate(envelope)
        if enough(found):
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{len(found)} records, not enough: {sorted(e['message'] for e in found)[-10:]}")
        time.sleep(0.5)


def test_lines_and_requests_arrive_as_envelopes(deployed):
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = deployed.cluster.call(
        "hello", deployed.namespace, "/hello?lines=300&fail=1&token=hidden", headers={"traceparent": traceparent}
    )
    assert answer.text == "done\n"
    wanted = {f"line {number}" for number in range(300)} | {"it failed", "plain words", "GET /hello 200"}
    found = envelopes(deployed, lambda records: wanted <= {record["message"] for record in records})
    (request,) = [record for record in found if record["source"] == "request"]
    lines = [record for record in found if record["message"].startswith("line ")]
    (failed,) = [record for record in found if record["message"] == "it failed"]
    assert len(lines) == 300
    assert {record["function"] for record in [request, failed, *lines]} == {"hello"}
    assert {record["owner"] for record in lines} == {"team-platform"}
    assert {record["revision"] for record in lines} <= set(deployed.revisions()["hello"])
    assert {record["request_id"] for record in lines} == {request["request_id"]}
    assert request["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert "hidden" not in json.dumps(found)
    assert [record["fields"]["number"] for record in sorted(lines, key=lambda record: record["timestamp"])] == list(
        range(300)
    )
    assert (failed["severity"], failed["error"]["type"]) == ("ERROR", "KeyError")
    assert "main.py" in failed["error"]["stack"]
    assert len({record["id"] for record in found}) == len(found)


def test_a_pod_that_is_gone_at_once_is_heard(deployed):
    name, namespace = "short-lived", deployed.namespace
    script = "[print('short', number) for number in range(2000)]"
    container = {
        "name": "user-container",
        "image": deployed.cluster.base(),
        "command": ["/usr/bin/python3", "-c", script],
        "securityContext": SECURE,
    }
    deployed.cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": {"slipway.io/function": "hello"}},
            "spec": {
                "containers": [container],
                "restartPolicy": "Never",
                "serviceAccountName": "function-hello",
                "automountServiceAccountToken": False,
                "terminationGracePeriodSeconds": 0,
            },
        }
    )
    deployed.cluster.wait(f"pod/{name}", namespace, "jsonpath={.status.phase}=Succeeded")
    deployed.cluster.kubectl("delete", "pod", name, "-n", namespace, "--wait=false")
    wanted = {f"short {number}" for number in range(2000)}
    found = envelopes(deployed, lambda records: wanted <= {record["message"] for record in records})
    assert {record["function"] for record in found if record["message"] in wanted} == {"hello"}


def test_a_preview_after_that_is_empty(deployed):
    deployed.run("preview", "--expect-no-changes")


def test_nothing_but_the_agent_may_ask_for_a_folder_of_the_node(deployed):
    home = f"{deployed.namespace}-logs"
    listed = deployed.cluster.get("pods", "-n", home)["items"]
    assert {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in listed} == {"slipway-logs"}
    labels = deployed.cluster.get("namespace", deployed.namespace)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def logged(deployed, *arguments):
    return [json.loads(line) for line in deployed.run("logs", *arguments, "--json").stdout.splitlines()]


@pytest.fixture(scope="module")
def changed(deployed):
    """Of two functions that have logged, one got a secret and other pods, and one was removed."""
    [before] = deployed.revisions()["hello"]
    deployed.run("invoke", "audit")
    envelopes(deployed, lambda found: any((one["function"], one["source"]) == ("audit", "function") for one in found))
    secret = {"kind": "Secret", "metadata": {"name": "canary", "namespace": deployed.namespace}}
    deployed.cluster.apply({"apiVersion": "v1", **secret, "stringData": {"token": _SECRET}})
    deployed.settings(lambda config: config["slipway:resources"].update(secret={"canary": {"kubernetes": "canary"}}))
    with (deployed.root / "functions/hello/function.yaml").open("a") as manifest:
        manifest.write("secrets: {TOKEN: canary/token}\n")
    main = "import os\n" + _TALKING.replace('"plain words"', '"token", os.environ["TOKEN"]')
    (deployed.root / "functions/hello/main.py").write_text(main)
    shutil.rmtree(deployed.root / "functions/audit")
    deployed.run("up", timeout=900)
    pods = "-l", f"serving.knative.dev/revision={before}", "-n", deployed.namespace
    deployed.cluster.kubectl("delete", "pods", *pods, "--grace-period=0", "--force", "--wait=false")
    return deployed


def test_the_value_of_a_secret_is_in_no_log_and_no_configuration(changed):
    changed.cluster.call("hello", changed.namespace, "/hello")
    found = envelopes(changed, lambda records: any(record["message"] == "token [redacted]" for record in records))
    config = changed.cluster.kubectl("get", "configmaps,daemonsets", "-n", f"{changed.namespace}-logs", "-o", "yaml")
    files = (changed.root / ".slipway/state").rglob("*.json.gz")
    state = [gzip.decompress(path.read_bytes()).decode() for path in files]
    assert state
    assert not [text for text in (json.dumps(found), config, *state) if "c4n4ry-of-a-secret" in text]


def test_what_pods_and_functions_that_are_gone_have_logged_is_read_from_the_sink(changed):
    records = logged(changed, "hello", "--source", "function", "--source", "event")
    for record in records:
        SCHEMA.validate(record)
    lines = [record["message"] for record in records if record["message"].startswith("line ")]
    assert lines == [f"line {number}" for number in range(300)]
    gone = changed.run("logs", "audit", "--json")
    assert "note: audit is not deployed in local-knative; what sink central has of it is shown" in gone.stderr
    assert {json.loads(line)["function"] for line in gone.stdout.splitlines()} == {"audit"}
