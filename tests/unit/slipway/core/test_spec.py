"""The dictionaries that components take."""

import dataclasses
import json

import pytest

from components.environment_args import AwsArgs, CatalogueEntry, EnvironmentArgs
from components.function.args import (
    Code,
    Cors,
    FunctionArgs,
    HttpEvent,
    LambdaOptions,
    QueueEvent,
    ScheduleEvent,
)
from components.knative_args import Channel, DeadLetters, KnativeArgs
from components.log_sink.args import LogSinkArgs
from slipway.core.catalogue import VERBS
from slipway.core.events import Cors as CorsModel
from slipway.core.events import HttpEvent as HttpModel
from slipway.core.events import QueueEvent as QueueModel
from slipway.core.events import ScheduleEvent as ScheduleModel
from slipway.core.fields import Scale
from slipway.core.manifest import LambdaOptions as LambdaModel
from slipway.core.manifest import Manifest
from slipway.core.redaction import KEYS, PATTERNS, expressions
from slipway.core.settings import Settings
from slipway.core.settings_knative import EMBEDDED_NODE, Retry
from slipway.core.settings_knative import Channel as ChannelModel
from slipway.core.settings_knative import DeadLetters as DeadLettersModel
from slipway.core.settings_parts import Aws, Http, Logs
from slipway.core.settings_sinks import S3, Buffer, Sink
from slipway.core.sinks import sink_spec
from slipway.core.spec import environment_spec, function_spec

ARNS = {
    "queue": "arn:aws:sqs:eu-central-1:123456789012:q.fifo",
    "bucket": "arn:aws:s3:::bucket",
    "table": "arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
    "topic": "arn:aws:sns:eu-central-1:123456789012:t",
    "secret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf",
}
DEFAULTS = expressions(PATTERNS, [])
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234"
STACK = f"""\
config:
  slipway:target: lambda
  slipway:aws: {{account: "123456789012", region: eu-central-1, endpoint: "http://127.0.0.1:1",
    httpEntry: "http://127.0.0.1:2", accessKey: a, secretKey: b}}
  slipway:prefix: team
  slipway:protect: true
  slipway:tags: {{b: "2", a: "1"}}
  slipway:logs: {{retention: 7, level: WARN}}
  slipway:encryption: {{key: "{KEY}"}}
  slipway:guardrails: {{permissionBoundary: "arn:aws:iam::123456789012:policy/b"}}
  slipway:http:
    tokens: {{issuer: https://login.example.com, audience: [x]}}
    throttle: {{rate: 5, burst: 6}}
  slipway:network: {{subnets: [subnet-0a1b2c3d], securityGroups: [sg-0a1b2c3d]}}
  slipway:codeSigning: {{profiles: ["arn:aws:signer:eu-central-1:123456789012:/signing-profiles/p/v"], enforce: true}}
  slipway:alarms: {{topic: "{ARNS["topic"]}"}}
  slipway:sinks:
    archive: {{s3: {{create: true}}}}
  slipway:resources:
    queue: {{receipts: {{create: true}}, sorted: {{create: true, fifo: true}}, q: {{arn: "{ARNS["queue"]}"}}}}
    bucket: {{files: {{arn: "{ARNS["bucket"]}", key: "{KEY}"}}}}
    table: {{orders: {{arn: "{ARNS["table"]}"}}}}
    topic: {{news: {{arn: "{ARNS["topic"]}"}}}}
    secret: {{db: {{arn: "{ARNS["secret"]}"}}}}
  slipway:functions:
    orders: {{memory: 512, timeout: 20, scale: {{min: 1, max: 5}}, environment: {{LEVEL: debug, MORE: x}}}}
"""
EVERYTHING = """\
description: Takes orders
architecture: arm64
memory: 256
concurrency: 5
scale: {max: 3}
environment: {LEVEL: info, AA: x}
secrets: {DB_PW: db/password, DB_ALL: db}
events:
  - http:
      path: /orders/{id}
      methods: [GET, POST]
      auth: token
      visibility: public
      throttle: {rate: 1, burst: 2}
      cors: {origins: [https://a.example], methods: [POST], headers: [x-id], credentials: true, maxAge: 5}
uses:
  - {queue: receipts, can: [send, inspect]}
  - {bucket: files, can: [read]}
lambda:
  ephemeralStorage: 1024
  layers: ["arn:aws:lambda:eu-central-1:123456789012:layer:x:1"]
"""


@pytest.fixture
def loaded(box, manifest):
    box.stack("dev", STACK)
    box.function("orders", manifest(EVERYTHING))
    loaded = box.load()
    assert [finding.render() for finding in loaded.findings] == []
    return loaded


def test_a_function_with_everything(loaded):
    spec = function_spec(loaded.functions["orders"], loaded.settings["dev"])
    assert json.loads(json.dumps(spec)) == spec
    assert spec == {
        "target": "lambda",
        "rollout": None,
        "hosts": [],
        "sinks": ["archive"],
        "description": "Takes orders",
        "owner": "team-a",
        "runtime": "python3.11",
        "handler": "main:main",
        "signature": "http",
        "architecture": "arm64",
        "memory_mb": 512,
        "timeout_s": 20,
        "concurrency": 5,
        "min_scale": 1,
        "max_scale": 5,
        "environment": {"AA": "x", "LEVEL": "debug", "MORE": "x"},
        "secrets": [
            {"variable": "DB_ALL", "secret": "db", "field": None},
            {"variable": "DB_PW", "secret": "db", "field": "password"},
        ],
        "http": [
            {
                "path": "/orders/{id}",
                "methods": ["GET", "POST"],
                "auth": "token",
                "visibility": "public",
                "cors": {
                    "origins": ["https://a.example"],
                    "methods": ["POST"],
                    "headers": ["x-id"],
                    "credentials": True,
                    "max_age_s": 5,
                },
                "throttle": {"rate": 1.0, "burst": 2},
            }
        ],
        "schedules": [],
        "events": [],
        "queues": [],
        "grants": [
            {"kind": "queue", "name": "receipts", "verbs": ["inspect", "send"]},
            {"kind": "bucket", "name": "files", "verbs": ["read"]},
        ],
        "lambda_options": {
            "layers": ["arn:aws:lambda:eu-central-1:123456789012:layer:x:1"],
            "ephemeral_storage_mb": 1024,
            "snap_start": False,
        },
    }
    args = FunctionArgs.from_spec(spec, Code(bucket="b", key="k"))
    assert args.http[0].cors.max_age_s == 5


@pytest.mark.parametrize(
    ("events", "field", "expected"),
    [
        (
            "[{schedule: {expression: cron(0 6 * * ? *), timezone: Europe/Berlin, data: {a: [1]}}}]",
            "schedules",
            [{"expression": "cron(0 6 * * ? *)", "timezone": "Europe/Berlin", "data": {"a": [1]}}],
        ),
        (
            "[{event: {type: t, source: s, attributes: {subject: x}}}]",
            "events",
            [{"type": "t", "source": "s", "attributes": {"subject": "x"}}],
        ),
        (
            "[{queue: {name: receipts, batch: 20, window: 3}}]",
            "queues",
            [{"queue": "receipts", "batch": 20, "window_s": 3}],
        ),
    ],
)
def test_other_events(box, manifest, events, field, expected):
    box.function("orders", manifest(f"events: {events}"))
    loaded = box.load()
    spec = function_spec(loaded.functions["orders"], loaded.settings["dev"])
    assert spec[field] == expected
    assert spec["signature"] == "cloudevent"
    FunctionArgs.from_spec(spec, Code(bucket="b", key="k"))


def test_an_environment_with_everything(loaded):
    spec = environment_spec(loaded.settings["dev"])
    assert json.loads(json.dumps(spec)) == spec
    args = EnvironmentArgs.from_spec(spec)
    assert args == EnvironmentArgs(
        environment="dev",
        target="lambda",
        aws=AwsArgs(
            account="123456789012",
            region="eu-central-1",
            partition="aws",
            endpoint="http://127.0.0.1:1",
            http_entry="http://127.0.0.1:2",
            access_key="a",
            secret_key="b",
        ),
        prefix="team",
        tags={"a": "1", "b": "2"},
        protect=True,
        log_retention_days=7,
        log_level="WARN",
        kms_key=KEY,
        permissions_boundary="arn:aws:iam::123456789012:policy/b",
        tokens=args.tokens,
        throttle_rate=5.0,
        throttle_burst=6,
        subnets=["subnet-0a1b2c3d"],
        security_groups=["sg-0a1b2c3d"],
        signing_profiles=["arn:aws:signer:eu-central-1:123456789012:/signing-profiles/p/v"],
        signing_enforced=True,
        alarm_topic=ARNS["topic"],
        sinks=(LogSinkArgs(name="archive", kind="s3", create=True, redact=tuple(DEFAULTS), redact_keys=KEYS),),
        catalogue=(
            CatalogueEntry(kind="queue", name="q", arn=ARNS["queue"], fifo=True),
            CatalogueEntry(kind="queue", name="receipts", create=True),
            CatalogueEntry(kind="queue", name="sorted", create=True, fifo=True),
            CatalogueEntry(kind="bucket", name="files", arn=ARNS["bucket"], kms_key=KEY),
            CatalogueEntry(kind="table", name="orders", arn=ARNS["table"]),
            CatalogueEntry(kind="topic", name="news", arn=ARNS["topic"]),
            CatalogueEntry(kind="secret", name="db", arn=ARNS["secret"]),
        ),
    )
    assert (args.tokens.issuer, list(args.tokens.audience)) == ("https://login.example.com", ["x"])


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_the_partition_follows_from_the_region(region, partition):
    settings = Settings.model_validate({"target": "lambda", "aws": {"account": "1" * 12, "region": region}})
    assert environment_spec(settings.named("dev"))["aws"]["partition"] == partition


def defaults(args):
    return {
        field.name: field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        for field in dataclasses.fields(args)
    }


@pytest.mark.parametrize(
    ("model", "args", "names"),
    [
        (
            Manifest,
            FunctionArgs,
            {
                "architecture": "architecture",
                "memory": "memory_mb",
                "timeout": "timeout_s",
                "concurrency": "concurrency",
                "description": "description",
            },
        ),
        (Scale, FunctionArgs, {"min": "min_scale", "max": "max_scale"}),
        (LambdaModel, LambdaOptions, {"ephemeral_storage": "ephemeral_storage_mb", "snap_start": "snap_start"}),
        (HttpModel, HttpEvent, {"auth": "auth", "visibility": "visibility", "cors": "cors", "throttle": "throttle"}),
        (CorsModel, Cors, {"credentials": "credentials", "max_age": "max_age_s"}),
        (ScheduleModel, ScheduleEvent, {"timezone": "timezone", "data": "data"}),
        (QueueModel, QueueEvent, {"batch": "batch", "window": "window_s"}),
        (Settings, EnvironmentArgs, {"prefix": "prefix", "protect": "protect"}),
        (Logs, EnvironmentArgs, {"retention": "log_retention_days", "level": "log_level"}),
        (ChannelModel, Channel, {"api_version": "api_version", "kind": "kind", "spec": "spec"}),
        (DeadLettersModel, DeadLetters, {"storage_class": "storage_class", "size": "size"}),
        (Retry, KnativeArgs, {"attempts": "retry_attempts", "backoff": "retry_backoff"}),
        (Settings, KnativeArgs, {"ingress_namespace": "ingress_namespace"}),
        (Sink, LogSinkArgs, {"retention": "retention_days", "level": "level", "platform": "platform"}),
        (Buffer, LogSinkArgs, {"age": "buffer_age_s"}),
        (S3, LogSinkArgs, {"prefix": "prefix"}),
        (Aws, AwsArgs, {"endpoint": "endpoint", "http_entry": "http_entry", "access_key": "access_key"}),
    ],
)
def test_documented_defaults_are_those_of_the_components(model, args, names):
    theirs = defaults(args)
    for ours, other in names.items():
        assert model.model_fields[ours].default == theirs[other], ours


def test_documented_bounds_of_routes_are_those_of_the_components():
    throttle, theirs = Http().throttle, defaults(EnvironmentArgs)
    assert (throttle.rate, throttle.burst) == (theirs["throttle_rate"], theirs["throttle_burst"])


def test_a_sink_is_told_whole_and_its_documented_defaults_are_those_of_the_components():
    theirs = defaults(LogSinkArgs)
    assert Buffer().bytes == theirs["buffer_bytes"]
    assert tuple(Sink.model_fields["partition"].default) == theirs["partition"]
    settings = Settings.model_validate({"target": "lambda", "sinks": {"a": {"s3": {"create": True}}}})
    assert set(sink_spec("a", settings)) == set(theirs) - {"transforms"}


def test_the_embedded_cluster_is_where_the_toolchain_puts_it():
    from toolchain.embedded_cluster import network

    assert network.NODE_IP == EMBEDDED_NODE


def test_verbs_are_those_of_the_components():
    from components.security.grants import VERBS as THEIRS

    assert {kind: set(verbs) for kind, verbs in VERBS.items()} == {kind: set(verbs) for kind, verbs in THEIRS.items()}
