"""What a run takes away from logs, from the engine's events in the JSON that pulumi 3.256 sends."""

import pytest
from pulumi.automation.events import EngineEvent

from slipway.engine.guards import weakened
from slipway.engine.steps import Collector

ROOT = "urn:pulumi:prod::slipway::"
STACK = f"{ROOT}pulumi:pulumi:Stack::slipway-prod"
ORDERS = f"{ROOT}slipway:index:Environment$slipway:index:Function::orders"
SINK = f"{ROOT}slipway:index:Environment$slipway:index:LogSink::archive"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FILTER = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
STREAM = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
KEY = "arn:aws:kms:eu-central-1:1:key/a"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def event(op, type_, name, before=None, after=None, *, parent=ORDERS, kind="resourcePreEvent", where="inputs"):
    """What the engine tells about a resource whose properties, or outputs, are these."""
    urn = {"Stack": STACK, "orders": ORDERS, "archive": SINK}.get(name, f"{parent}${type_}::{name}")

    def state(values):
        return (
            values if values is None else {"type": type_, "urn": urn, "custom": True, "parent": parent, where: values}
        )

    metadata = {"op": op, "urn": urn, "type": type_, "provider": "", "old": state(before), "new": state(after)}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: {"metadata": metadata}})


def outputs(before, after):
    """The stack, whose functions have these sinks."""
    values = [{"functions": {name: {"sinks": sinks} for name, sinks in one.items()}} for one in (before, after)]
    return event("same", "pulumi:pulumi:Stack", "Stack", *values, parent="", kind="resOutputsEvent", where="outputs")


def found(*events):
    collector = Collector(lambda _: None)
    for one in events:
        collector(one)
    findings = weakened(collector.result(), "prod")
    assert {finding.severity.name for finding in findings} <= {"WARNING"}
    assert {finding.environment for finding in findings} <= {"prod"}
    return [(finding.rule, finding.render()) for finding in findings]


def test_a_sink_that_a_function_loses_is_named_with_what_is_left():
    assert found(
        outputs({"orders": ["archive", "search"], "hello": ["archive"]}, {"orders": ["search"], "hello": []})
    ) == [
        (
            "sink-removed",
            (
                "hello: logs of function 'hello' no longer go to sink 'archive'; sinks that it keeps: none; put it back unless "
                "that is meant"
            ),
        ),
        (
            "sink-removed",
            (
                "orders: logs of function 'orders' no longer go to sink 'archive'; sinks that it keeps: search; put it back "
                "unless that is meant"
            ),
        ),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"orders": ["archive"]}, {"orders": ["archive", "search"]}),
        ({"orders": ["archive"]}, {}),
        ({}, {"orders": []}),
    ],
)
def test_new_sinks_and_functions_that_come_or_go_take_nothing_away(before, after):
    assert found(outputs(before, after)) == []


def test_outputs_of_a_version_without_sinks_say_nothing():
    old, new = {"functions": {"orders": {"url": "x"}}}, {"functions": {"orders": {"sinks": ["archive"]}}}
    stack = {"parent": "", "kind": "resOutputsEvent", "where": "outputs"}
    assert found(event("same", "pulumi:pulumi:Stack", "Stack", old, new, **stack)) == []
    hidden = {"functions": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}}
    assert found(event("same", "pulumi:pulumi:Stack", "Stack", hidden, new, **stack)) == []


def test_a_filter_that_goes_is_told_where_the_outputs_do_not():
    gone = event("delete", FILTER, "orders-filter", {"name": "x"})
    [(rule, line)] = found(gone)
    assert rule == "sink-removed"
    assert line.startswith("orders-filter: logs of function 'orders' no longer go where its subscription filter led")
    assert len(found(gone, outputs({"orders": ["archive"]}, {"orders": []}))) == 1
    assert found(event("delete", "slipway:index:Function", "orders", {}, parent=""), gone) == []
    assert found(event("replace", FILTER, "orders-filter", {"name": "x"}, {"name": "y"})) == []


def rules(*days):
    expiring = [{"id": str(n), "status": "Enabled", "expiration": {"days": n}} for n in days]
    off = {"id": "off", "status": "Disabled", "expiration": {"days": 1}}
    return {"rules": [*expiring, off, {"id": "parts", "status": "Enabled", "abortIncompleteMultipartUpload": {}}]}


def inner(days):
    """Rules that are a property of the bucket itself."""
    return {
        "lifecycleRules": [
            {"enabled": True, "expiration": {"days": days}},
            {"enabled": False, "expiration": {"days": 1}},
        ]
    }


@pytest.mark.parametrize(
    ("type_", "before", "after", "said"),
    [
        (
            LOG_GROUP,
            {"retentionInDays": 30},
            {"retentionInDays": 7},
            "keeps records for 7 days and no longer for 30 days",
        ),
        (LOG_GROUP, {"retentionInDays": 0}, {"retentionInDays": 7}, "keeps records for 7 days and no longer for ever"),
        (LOG_GROUP, {}, {"retentionInDays": 7}, "keeps records for 7 days and no longer for ever"),
        (LIFECYCLE, rules(365), rules(14), "keeps records for 14 days and no longer for 365 days"),
        (LIFECYCLE, rules(365), rules(400, 30), "keeps records for 30 days and no longer for 365 days"),
        (BUCKET, inner(365), inner(14), "keeps records for 14 days and no longer for 365 days"),
        (LIFECYCLE, rules(), rules(30), "keeps records for 30 days and no longer for ever"),
    ],
)
def test_a_shorter_retention(type_, before, after, said):
    assert found(event("update", type_, "logs", before, after)) == [
        ("shorter-retention", f"logs: {said}; put it back unless that is meant")
    ]


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        (LOG_GROUP, {"retentionInDays": 7}, {"retentionInDays": 30}),
        (LOG_GROUP, {"retentionInDays": 7}, {"retentionInDays": 0}),
        (LOG_GROUP, {"retentionInDays": 7}, {"retentionInDays": UNKNOWN}),
        (LIFECYCLE, rules(14), rules(365)),
        (BUCKET, inner(14), inner(365)),
        (LIFECYCLE, rules(14), rules()),
        ("aws:sqs/queue:Queue", {"retentionInDays": 7}, {"retentionInDays": 1}),
        (LOG_GROUP, None, {"retentionInDays": 7}),
        (LOG_GROUP, {"retentionInDays": 7, "kmsKeyId": KEY}, None),
    ],
)
def test_what_is_kept_no_shorter(type_, before, after):
    op = "create" if before is None else "delete" if after is None else "update"
    assert found(event(op, type_, "logs", before, after)) == []


def default(**values):
    return {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", **values}}]}


@pytest.mark.parametrize(
    ("type_", "before", "after", "lost"),
    [
        (LOG_GROUP, {"kmsKeyId": KEY}, {}, "kmsKeyId"),
        (LOG_GROUP, {"kmsKeyId": KEY}, {"kmsKeyId": ""}, "kmsKeyId"),
        (ENCRYPTION, default(kmsMasterKeyId=KEY), default(), "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId"),
        (
            STREAM,
            {"serverSideEncryption": {"enabled": True, "keyArn": KEY}, "extendedS3Configuration": {"kmsKeyArn": KEY}},
            {"serverSideEncryption": {"enabled": False, "keyArn": KEY}, "extendedS3Configuration": {}},
            "extendedS3Configuration.kmsKeyArn, serverSideEncryption.enabled",
        ),
    ],
)
def test_encryption_that_is_dropped(type_, before, after, lost):
    [(rule, line)] = found(event("update", type_, "it", before, after))
    assert rule == "encryption-dropped"
    assert line == f"it: is no longer encrypted as before: {lost} is gone; put it back unless that is meant"
    assert KEY not in line


def test_another_key_or_one_that_is_not_known_yet_is_still_one():
    for key in (f"{KEY}2", UNKNOWN):
        assert found(event("update", LOG_GROUP, "logs", {"kmsKeyId": KEY}, {"kmsKeyId": key})) == []


def test_the_encryption_of_a_bucket_that_stays():
    gone = event("delete", ENCRYPTION, "encryption", default(kmsMasterKeyId=KEY), parent=SINK)
    assert [rule for rule, _ in found(gone)] == ["encryption-dropped"]
    assert [rule for rule, _ in found(gone, event("delete", BUCKET, "bucket", {}, parent=SINK))] == ["records-deleted"]
    assert found(gone, event("delete", "slipway:index:LogSink", "archive", {}, parent="")) == []


def test_a_bucket_of_a_sink_goes_with_its_records():
    gone = event("delete", BUCKET, "archive-bucket", {}, parent=SINK)
    assert found(gone, event("delete", "slipway:index:LogSink", "archive", {}, parent="")) == [
        (
            "records-deleted",
            "archive-bucket: is deleted with the records that are in it; put it back unless that is meant",
        )
    ]
    assert found(event("delete", BUCKET, "packages", {}, parent=f"{ROOT}slipway:index:Environment::prod")) == []


def test_nothing_of_it_is_in_the_json_of_a_run():
    collector = Collector(lambda _: None)
    collector(event("update", LOG_GROUP, "logs", {"retentionInDays": 9, "kmsKeyId": KEY}, {"retentionInDays": 7}))
    [step] = collector.result().to_json()["steps"]
    assert set(step) == {"urn", "type", "name", "op", "custom", "paths", "replace_keys", "protected"}
