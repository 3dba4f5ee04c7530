"""The configuration of the log agent: what it holds, and where a record begins. The real collector reads it elsewhere."""

import re

import pytest
import yaml

from components.knative.agent.collector import Place, Routed, render
from components.knative.agent.lines import record_start
from components.knative.agent.masking import json_mask
from components.knative.agent.stores import variable_of
from components.log_sink.args import LogSinkArgs

PLACE = Place(environment="dev", namespace="slipway-dev", home="slipway-dev-logs")
LOKI = LogSinkArgs(name="central", kind="loki", address="https://loki.example.com/", buffer_bytes=2**31)
S3 = LogSinkArgs(name="archive", kind="s3", bucket="logs", region="eu-central-1", prefix="x/", buffer_age_s=120)
START = re.compile(record_start(), re.MULTILINE)
TIME = "2026-11-26T10:52:03.123456789Z"


def configuration(*sinks, **place):
    return yaml.safe_load(render(Place(**{**vars(PLACE), **place}), [Routed(args=sink) for sink in sinks]))


def records(*lines):
    """Lines by records, split as the collector splits them: at each match that does not lie in an earlier one."""
    text = "".join(f"{TIME} {line}\n" for line in lines)
    starts = [match.start() for match in START.finditer(text)]
    ends = [*starts[1:], len(text)]
    return [text[start:end].count("\n") for start, end in zip(starts, ends, strict=True)]


def test_each_sink_has_a_receiver_a_queue_and_an_exporter_of_its_own():
    found = configuration(LOKI, S3)
    for name in ("central", "archive"):
        pipeline = found["service"]["pipelines"][f"logs/{name}"]
        assert pipeline["receivers"] == [f"filelog/{name}"]
        assert pipeline["exporters"] == [f"patient/{name}"]
        queue = found["exporters"][f"patient/{name}"]["sending_queue"]
        assert queue["storage"] == f"file_storage/{name}"
        assert queue["block_on_overflow"] is True
    assert len({storage["directory"] for name, storage in found["extensions"].items() if "file_storage" in name}) == 3


def test_nothing_is_given_up_and_nothing_waits_before_the_queue():
    found = configuration(LOKI, S3)
    for exporter in found["exporters"].values():
        assert exporter["retry_on_failure"]["max_elapsed_time"] == "0s"
        (store,) = exporter["store"].values()
        assert store["sending_queue"] == {"enabled": False}
    for receiver in (found["receivers"]["filelog/central"], found["receivers"]["filelog/archive"]):
        assert receiver["retry_on_failure"]["max_elapsed_time"] == "0s"
        assert receiver["start_at"] == "beginning"
        assert {operator["type"] for operator in receiver["operators"]}.isdisjoint({"recombine", "container"})
    assert not any(name.startswith("batch") for name in found["processors"])
    assert all(p["processors"][0] == "memory_limiter" for p in found["service"]["pipelines"].values())


def test_only_pods_of_the_environment_are_read():
    found = configuration(LOKI)["receivers"]["filelog/central"]
    assert found["include"] == [
        "/var/log/pods/slipway-dev_*/*/*.log",
        "/var/log/pods/slipway-dev_*/*/*.log.*",
    ]
    assert configuration(LOKI)["processors"]["k8sattributes"]["filter"]["namespace"] == "slipway-dev"


def test_a_sink_without_the_platform_gets_no_events():
    quiet = LogSinkArgs(name="quiet", kind="otlp", address="http://otel:4318", platform=False)
    assert set(configuration(quiet, LOKI)["service"]["pipelines"]) == {
        "logs/central", "logs/central-events", "logs/quiet"
    }  # fmt: skip
    assert "k8s_leader_elector" not in configuration(quiet)["extensions"]


def test_stores_get_what_their_sinks_say():
    found = configuration(LOKI, S3)["exporters"]
    assert found["patient/central"]["store"]["otlphttp"]["endpoint"] == "https://loki.example.com/otlp"
    assert found["patient/central"]["sending_queue"]["queue_size"] == 2**31
    uploader = found["patient/archive"]["store"]["awss3"]["s3uploader"]
    assert (uploader["s3_bucket"], uploader["s3_base_prefix"], uploader["compression"]) == ("logs", "x", "gzip")
    assert found["patient/archive"]["partition_by"] == "slipway.prefix"
    assert found["patient/archive"]["sending_queue"]["batch"]["flush_timeout"] == "120000ms"


def test_dollar_signs_of_expressions_are_no_variables():
    sink = LogSinkArgs(name="a", kind="otlp", address="http://x", exclude=("^GET /$", "${env:HOME}"))
    (filters,) = configuration(sink)["processors"]["filter/a"]["logs"].values()
    assert filters == [
        'IsMatch(log.body["message"], "^GET /$$")',
        'IsMatch(log.body["message"], "$${env:HOME}")',
    ]


@pytest.mark.parametrize(
    ("lines", "counts"),
    [
        (["stdout F one", "stderr F two"], [1, 1]),
        (["stdout F {", 'stdout F   "a": 1', "stdout F }"], [2, 1]),
        (["stdout P aa", "stdout P bb", "stdout F cc", "stdout F next"], [3, 1]),
        (["stdout F one", "stdout F ", "stdout F two"], [2, 1]),
        (
            [
                "stderr F Traceback (most recent call last):", 'stderr F   File "x"', "stderr F     code",
                "stderr F KeyError: 'a'", "stdout F next",
            ],
            [4, 1],
        ),
        (
            ["stderr F java.lang.X: boom", "stderr F \tat A", "stderr F Caused by: Y", "stderr F \t... 1 more"],
            [4],
        ),
    ],
)  # fmt: skip
def test_where_a_record_begins(lines, counts):
    assert records(*lines) == counts


def test_names_of_variables_and_masks():
    assert variable_of("log-store") == "SINK_LOG_STORE_AUTHORIZATION"
    assert json_mask() == '"[redacted]"'
