"""How the real agent behaves: what it masks, whom it stalls, what it keeps, and that its configuration is valid."""

import json
import os
import subprocess

import pytest
import requests
import yaml

from components.knative.agent.collector import FEATURES, Place, Routed, render
from components.log_sink.args import LogSinkArgs
from slipway.core.redaction import KEYS, PATTERNS
from tests.log_agent import Store, collector, sink

EXPRESSIONS = tuple(expression for expressions in PATTERNS.values() for expression in expressions)
CANARY = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
EVERY_KIND = [
    LogSinkArgs(name="a-loki", kind="loki", address="https://loki.example.com", tenant="x", secret="l", level="WARN"),
    LogSinkArgs(name="b-otlp", kind="otlp", address="http://otel:4318", redact=EXPRESSIONS, redact_keys=KEYS),
    LogSinkArgs(name="c-search", kind="opensearch", address="https://search.example.com", index="logs", platform=False),
    LogSinkArgs(name="d-archive", kind="s3", bucket="logs", region="eu-central-1", prefix="x/", exclude=("^GET /a$",)),
]


@pytest.fixture
def other():
    found = Store()
    yield found
    found.close()


def test_every_kind_of_sink_makes_a_valid_configuration(tmp_path):
    place = Place(environment="test", namespace="functions", home="functions-logs", state=str(tmp_path))
    path = tmp_path / "agent.yaml"
    path.write_text(render(place, [Routed(args=args, functions=["orders", "a-b"]) for args in EVERY_KIND]))
    env = {**os.environ, "NODE_NAME": "node", "POD_IP": "127.0.0.1", "SINK_A_LOKI_AUTHORIZATION": "Basic x"}
    command = [collector(), "validate", f"--config={path}", f"--feature-gates={FEATURES}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stderr) == (0, "")


def test_secrets_never_reach_a_store(agents, store):
    agent = agents(sink("central", store.address, redact=EXPRESSIONS, redact_keys=KEYS))
    pod = agent.pod()
    pod.write(
        f"token is {CANARY}",
        json.dumps({"message": "in", "note": f"see {CANARY}", "deep": {"list": [{"text": f"x {CANARY} y"}]}}),
        json.dumps({"message": "by key", "password": CANARY, "db": {"api_key": {"a": [CANARY, 1]}, "host": "h"}}),
        json.dumps({"message": "failed", "errorMessage": f"no {CANARY}", "errorType": "E", "stackTrace": [CANARY]}),
        json.dumps({"message": "text", "a": {"b": json.dumps({"password": "hunter2"})}, "c": "d"}),
        json.dumps({"message": "number", "secret": 12345678901, "left": 9007199254740993}),
        "card 4111 1111 1111 1111, mail a.b@example.com",
    )
    records = store.wait(7)
    said = json.dumps(records)
    assert "hunter2" not in said
    assert CANARY not in said
    assert "12345678901" not in said
    assert "4111" not in said
    by_message = {record["message"]: record for record in records}
    assert by_message["by key"]["fields"] == {"password": "[redacted]", "db": {"api_key": "[redacted]", "host": "h"}}
    assert by_message["in"]["fields"]["deep"] == {"list": [{"text": "x [redacted] y"}]}
    assert "[redacted]" in by_message["text"]["fields"]["a"]["b"]
    assert by_message["number"]["fields"]["secret"] == "[redacted]"
    assert by_message["card [redacted], mail [redacted]"]


def test_only_what_a_sink_wants_gets_there(agents, store, other):
    agent = agents(
        sink("some", store.address, functions=["orders"], level="WARN", exclude=("^boring",), platform=False),
        sink("all", other.address),
    )
    for function in ("orders", "hello"):
        agent.pod(function).write(
            json.dumps({"level": "INFO", "message": f"info {function}"}),
            json.dumps({"level": "ERROR", "message": "boring"}),
            json.dumps({"level": "ERROR", "message": f"error {function}"}),
        )
    agent.pod("orders", container="queue-proxy").write(json.dumps({"severity": "ERROR", "message": "proxy"}))
    other.wait(7)
    store.wait(1)
    agent.pod("orders").write(json.dumps({"level": "ERROR", "message": "last"}))
    assert {record["message"] for record in store.wait(2)} == {"error orders", "last"}


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_what_a_store_does_not_take_now_is_kept(agents, store, status):
    agent = agents(sink("central", store.address))
    store.answer(status)
    agent.pod().write_many([f"line {number}" for number in range(500)])
    name = "otelcol_exporter_queue_size"
    while not agent.metric(name, exporter="patient/central"):
        pass
    agent.kill()
    store.answer(requests.codes.ok)
    agent.start()
    assert {record["message"] for record in store.wait(500)} == {f"line {number}" for number in range(500)}


def test_a_store_that_is_down_stalls_nobody_else(agents, store, other):
    agent = agents(sink("slow", store.address, buffer_bytes=2**20), sink("quick", other.address))
    store.answer(503)
    pod = agent.pod()
    lines = [f"{number} {'x' * 200}" for number in range(5000)]  # several times what the queue takes
    pod.write_many(lines)
    assert len(other.wait(len(lines))) >= len(lines)
    assert store.records == []
    store.answer(requests.codes.ok)
    assert {record["message"] for record in store.wait(len(lines))} == set(lines)


def test_what_a_store_refuses_for_good_holds_nothing_up(agents, store):
    agent = agents(sink("central", store.address))
    store.answer(400)
    agent.pod().write("poison")
    while not any(name.startswith("otelcol_exporter_send_failed_log_records") for name in agent.metrics()):
        pass
    store.answer(requests.codes.ok)
    agent.pod().write("next")
    assert [record["message"] for record in store.wait(1)] == ["next"]


def test_rotation_in_the_middle_loses_nothing(agent, store):
    pod = agent.pod()
    for part in range(5):
        pod.write_many([f"{part}-{number}" for number in range(1000)])
        pod.rotate()
    agent.kill()
    pod.write_many([f"5-{number}" for number in range(1000)])
    pod.rotate()
    pod.write_many([f"6-{number}" for number in range(1000)])
    agent.start()
    wanted = {f"{part}-{number}" for part in range(7) for number in range(1000)}
    assert {record["message"] for record in store.wait(len(wanted))} == wanted


def test_the_configuration_is_the_same_whatever_the_order_and_holds_no_secret():
    place = Place(environment="test", namespace="functions", home="functions-logs")
    sinks = [Routed(args=args) for args in EVERY_KIND]
    text = render(place, sinks)
    assert render(place, sinks[::-1]) == text
    assert yaml.safe_load(text)["exporters"]["patient/a-loki"]["store"]["otlphttp"]["headers"]["Authorization"] == (
        "${env:SINK_A_LOKI_AUTHORIZATION}"
    )
