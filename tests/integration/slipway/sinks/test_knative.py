"""Logs on Knative from pod to Loki and back, on a real cluster."""

import json
import time

import pytest
from jsonschema import Draft202012Validator

from slipway.core.envelope import Envelope

pytestmark = pytest.mark.timeout(1800)
SCHEMA = Draft202012Validator(Envelope.model_json_schema())
_TALKING = """
import logging

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)


def hello(request):
    log.info("asked by %s", request.args.get("name"), extra={"name_": request.args.get("name")})
    print("plain words", flush=True)
    return "done\\n"
"""


@pytest.fixture(scope="module")
def deployed(knative):
    (knative.root / "functions/hello/main.py").write_text(_TALKING)
    knative.run("up", timeout=900)
    return knative


def envelopes(checkout, *arguments):
    return [json.loads(line) for line in checkout.run("logs", *arguments, "--json").stdout.splitlines()]


def plain(found):
    """What was logged, without what only one source knows."""
    return [
        (one["timestamp"], one["severity"], one["message"], one.get("fields"), one.get("revision")) for one in found
    ]


def until(look, seconds=90):
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(1)
    return found


def test_the_canary_finds_every_line_of_every_function(deployed):
    done = deployed.run("verify", "sinks", "--count", "1000", "--json", timeout=600)
    found = json.loads(done.stdout)["deliveries"]
    assert [(one["function"], one["sink"]) for one in found] == [("audit", "central"), ("hello", "central")]
    for one in found:
        assert (one["sent"], one["arrived"], one["lost"], one["result"]) == (1000, 1000, 0, "ok"), done.stdout
    pods = deployed.cluster.get("pods", "-n", deployed.namespace)["items"]
    assert not [
        pod for pod in pods if "canary" in pod["metadata"]["name"] and "deletionTimestamp" not in pod["metadata"]
    ]


def test_pods_and_sink_have_the_same_records(deployed):
    deployed.run("invoke", "hello", "--query", "name=Ada")
    there = until(lambda: [one for one in envelopes(deployed, "hello") if one["message"] == "asked by Ada"])
    stored = until(
        lambda: [one for one in envelopes(deployed, "hello", "--sink", "central") if one["message"] == "asked by Ada"]
    )
    assert plain(there) == plain(stored)
    for one in (*there, *stored):
        SCHEMA.validate(one)
    requests = until(lambda: envelopes(deployed, "hello", "--source", "request"))
    assert {one["source"] for one in requests} == {"request"}
