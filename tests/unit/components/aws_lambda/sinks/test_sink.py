"""What a log sink on Lambda consists of, exactly."""

import json

import pytest

from components.errors import InputError

REGION, ACCOUNT = "eu-central-1", "123456789012"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/dev-key"
BUCKET = "slipway-dev-sink-central-123456789012-eu-central-1"
STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/slipway-dev-sink-central"
SHIPPER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:slipway-dev-sink-central"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
WITHOUT_BUCKET = {
    ("Role", "central-lambda-filter-role"),
    ("RolePolicy", "central-lambda-filter-role-policy"),
    ("Role", "central-lambda-stream-role"),
    ("RolePolicy", "central-lambda-stream-role-policy"),
    ("Role", "central-lambda-shipper-role"),
    ("RolePolicy", "central-lambda-shipper-role-policy"),
    ("LogGroup", "central-lambda-shipper-logs"),
    ("Queue", "central-lambda-shipper-failures"),
    ("Function", "central-lambda-shipper"),
    ("LogGroup", "central-lambda-stream-logs"),
    ("LogStream", "central-lambda-stream-log"),
    ("FirehoseDeliveryStream", "central-lambda-stream"),
    ("MetricAlarm", "central-lambda-alarm-freshness"),
    ("MetricAlarm", "central-lambda-alarm-shipper"),
}
WITH_BUCKET = WITHOUT_BUCKET | {
    ("Bucket", "central-lambda-bucket"),
    ("BucketPublicAccessBlock", "central-lambda-bucket-access"),
    ("BucketOwnershipControls", "central-lambda-bucket-ownership"),
    ("BucketServerSideEncryptionConfiguration", "central-lambda-bucket-encryption"),
    ("BucketVersioning", "central-lambda-bucket-versions"),
    ("BucketPolicy", "central-lambda-bucket-policy"),
}


def statements(text):
    return {statement.get("Sid"): statement for statement in json.loads(text)["Statement"]}


def test_a_sink_with_a_bucket_of_its_own(made, engine):
    made()
    assert engine.children("central-lambda") == WITH_BUCKET
    assert engine.named("central-lambda").parent == "dev"


def test_an_adopted_bucket_is_left_alone(made, engine, a_sink, resolved):
    environment, _ = made(a_sink(create=False, bucket="acme-logs"))
    assert engine.children("central-lambda") == WITHOUT_BUCKET
    assert resolved(environment.log_sinks["lambda", "central"].bucket) == "acme-logs"
    stream = engine.named("central-lambda-stream").inputs["extendedS3Configuration"]
    assert stream["bucketArn"] == "arn:aws:s3:::acme-logs"
    policy = statements(engine.named("central-lambda-stream-role-policy").inputs["policy"])
    assert policy["Objects"]["Resource"] == ["arn:aws:s3:::acme-logs/*"]


def test_the_bucket_is_guarded_and_forgets_in_time(made, engine, a_sink):
    made(a_sink(retention_days=365))
    bucket = engine.named("central-lambda-bucket").inputs
    assert bucket["bucket"] == BUCKET
    assert bucket["lifecycleRules"] == [
        {
            "id": "retention",
            "enabled": True,
            "expiration": {"days": 365},
            "noncurrentVersionExpiration": {"days": 30},
            "abortIncompleteMultipartUploadDays": 7,
        }
    ]
    access = engine.named("central-lambda-bucket-access").inputs
    assert all(value is True for name, value in access.items() if name != "bucket")
    tls = statements(engine.named("central-lambda-bucket-policy").inputs["policy"])["OnlyTls"]
    assert tls["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]


@pytest.mark.parametrize("protect", [True, False])
def test_a_bucket_that_holds_logs_is_protected_as_what_holds_data(made, engine, protect):
    made(protect=protect)
    bucket = engine.named("central-lambda-bucket")
    assert (bucket.protect, bucket.inputs["forceDestroy"]) == (protect, not protect)


def test_records_are_locked_and_access_is_logged_where_operators_want_it(made, a_sink, engine):
    made(a_sink(lock_days=20), access_log_bucket="audit-logs")
    bucket = engine.named("central-lambda-bucket").inputs
    assert bucket["objectLockEnabled"] is True
    assert bucket["objectLockConfiguration"]["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 20}}
    assert bucket["logging"] == {"targetBucket": "audit-logs", "targetPrefix": f"{BUCKET}/"}
    packages = engine.named("dev-packages").inputs
    assert packages["logging"]["targetPrefix"] == f"{packages['bucket']}/"
    assert "objectLockEnabled" not in packages
    made()
    assert not {"objectLockEnabled", "objectLockConfiguration", "logging"} & set(
        engine.named("central-lambda-bucket").inputs
    )


def test_the_stream_encrypts_has_envelopes_made_and_divides_them(made, engine):
    made()
    stream = engine.named("central-lambda-stream").inputs
    assert stream["name"] == "slipway-dev-sink-central"
    assert stream["destination"] == "extended_s3"
    assert stream["serverSideEncryption"] == {"enabled": True, "keyType": "CUSTOMER_MANAGED_CMK", "keyArn": KEY}
    role = f"arn:aws:iam::{ACCOUNT}:role/slipway-dev-sink-central-stream"
    assert stream["extendedS3Configuration"] == {
        "roleArn": role,
        "bucketArn": f"arn:aws:s3:::{BUCKET}",
        "kmsKeyArn": KEY,
        "prefix": "environment=dev/function=!{partitionKeyFromLambda:function}/date=!{partitionKeyFromLambda:date}/",
        "errorOutputPrefix": "errors/!{firehose:error-output-type}/date=!{timestamp:yyyy-MM-dd}/",
        "bufferingSize": 64,
        "bufferingInterval": 60,
        "compressionFormat": "UNCOMPRESSED",
        "fileExtension": ".jsonl.gz",
        "dynamicPartitioningConfiguration": {"enabled": True, "retryDuration": 3600},
        "cloudwatchLoggingOptions": {
            "enabled": True,
            "logGroupName": "/slipway/dev/sinks/central/stream",
            "logStreamName": "delivery",
        },
        "processingConfiguration": {
            "enabled": True,
            "processors": [
                {
                    "type": "Lambda",
                    "parameters": [{"parameterName": "LambdaArn", "parameterValue": f"{SHIPPER}:$LATEST"}],
                }
            ],
        },
    }
    assert {"central-lambda-stream-role-policy", "central-lambda-stream-log"} <= (
        engine.named("central-lambda-stream").depends_on
    )


@pytest.mark.parametrize(
    "case",
    [
        (("date", "environment"), 300, "date=!{partitionKeyFromLambda:date}/environment=dev/", (64, 300)),
        (("function",), 1, "function=!{partitionKeyFromLambda:function}/", (64, 60)),
        (("environment",), 1, "environment=dev/", (5, 1)),
    ],
)
def test_folders_stand_in_their_order_and_firehose_gets_the_buffer_that_it_demands(made, engine, a_sink, case):
    partition, age, prefix, buffer = case
    made(a_sink(partition=partition, buffer_age_s=age, prefix="logs/shop/"))
    found = engine.named("central-lambda-stream").inputs["extendedS3Configuration"]
    assert found["prefix"] == f"logs/shop/{prefix}"
    assert found["errorOutputPrefix"].startswith("logs/shop/errors/!{firehose:error-output-type}/")
    assert (found["bufferingSize"], found["bufferingInterval"]) == buffer
    assert ("dynamicPartitioningConfiguration" in found) == (partition != ("environment",))
    told = json.loads(engine.named("central-lambda-shipper").inputs["environment"]["variables"]["SLIPWAY_SINK"])
    assert told.get("partition", []) == [name for name in partition if name != "environment"]


def test_the_shipper_is_told_what_the_sink_wants(made, engine, a_sink):
    made(a_sink(level="WARN", exclude=("^GET /health",), redact_keys="(?i:password)$", platform=False))
    shipper = engine.named("central-lambda-shipper").inputs
    assert json.loads(shipper["environment"]["variables"]["SLIPWAY_SINK"]) == {
        "environment": "dev",
        "form": "gzip",
        "partition": ["function", "date"],
        "level": "WARN",
        "platform": False,
        "exclude": ["^GET /health"],
        "redact": ["secret-[0-9]+"],
        "redact_keys": "(?i:password)$",
        "groups": LOGS,
    }
    assert (shipper["s3Bucket"], shipper["s3Key"]) == (
        "slipway-dev-packages-123456789012-eu-central-1",
        "packages/slipway-shipper/abc.zip",
    )
    assert (shipper["runtime"], shipper["handler"]) == ("python3.11", "slipway_shipper.handler.handle")
    assert shipper["loggingConfig"]["logGroup"] == "/slipway/dev/sinks/central/shipper"
    assert shipper["kmsKeyArn"] == KEY


def test_the_shipper_waits_until_its_package_is_published(made, engine, a_shipper):
    asked = []

    def publish(bucket):
        return bucket.apply(lambda name: asked.append(name) or "packages/slipway-shipper/published.zip")

    made(shipper=a_shipper(publish=publish))
    assert asked == ["slipway-dev-packages-123456789012-eu-central-1"]
    assert engine.named("central-lambda-shipper").inputs["s3Key"] == "packages/slipway-shipper/published.zip"


def test_settings_that_lambda_cannot_hold_are_refused_in_words(made, a_sink):
    with pytest.raises(InputError, match=r"its settings take \d+ bytes, but Lambda takes 4096"):
        made(a_sink(redact=tuple(f"{n:02d}" + "x" * 400 for n in range(20))))


def test_a_log_group_forwards_before_the_function_says_anything(made, engine):
    made()
    found = engine.named("orders-sink-central")
    assert found.inputs == {
        "name": "slipway-dev-central",
        "logGroup": "/slipway/dev/orders",
        "filterPattern": "",
        "destinationArn": STREAM,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/slipway-dev-sink-central-filter",
    }
    assert found.deletes_first
    assert "central-lambda-filter-role-policy" in found.depends_on
    function = next(r for r in engine.registered if r.name == "orders" and r.kind == "Function" and "aws:" in r.type)
    assert "orders-sink-central" in function.depends_on
    assert engine.named("orders-logs").inputs["logGroupClass"] == "STANDARD"


def test_no_filter_forwards_what_a_sink_says_of_itself(made, engine):
    made()
    groups = {r.inputs["name"] for r in engine.kinds("LogGroup") if r.parent == "central-lambda"}
    assert groups == {"/slipway/dev/sinks/central/stream", "/slipway/dev/sinks/central/shipper"}
    assert not groups & {r.inputs["logGroup"] for r in engine.kinds("LogSubscriptionFilter")}
    (trusted,) = json.loads(engine.named("central-lambda-filter-role").inputs["assumeRolePolicy"])["Statement"]
    assert trusted["Principal"] == {"Service": "logs.amazonaws.com"}
    assert trusted["Condition"] == {
        "ArnLike": {"aws:SourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:*"},
        "ArnNotLike": {"aws:SourceArn": f"{LOGS}/slipway/dev/sinks/*"},
    }


def test_roles_do_exactly_what_they_are_for(made, engine):
    made()
    forward = statements(engine.named("central-lambda-filter-role-policy").inputs["policy"])
    assert forward == {
        "Stream": {
            "Sid": "Stream",
            "Effect": "Allow",
            "Action": ["firehose:PutRecord", "firehose:PutRecordBatch"],
            "Resource": [STREAM],
        }
    }
    deliver = statements(engine.named("central-lambda-stream-role-policy").inputs["policy"])
    assert {sid: (s["Action"], s["Resource"]) for sid, s in deliver.items()} == {
        "Bucket": (
            ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            [f"arn:aws:s3:::{BUCKET}"],
        ),
        "Objects": (["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{BUCKET}/*"]),
        "Shipper": (["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"], [SHIPPER, f"{SHIPPER}:$LATEST"]),
        "Errors": (["logs:PutLogEvents"], [f"{LOGS}/slipway/dev/sinks/central/stream:log-stream:*"]),
        None: (["kms:Decrypt", "kms:GenerateDataKey"], [KEY]),
    }
    assert deliver[None]["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}
    ship = statements(engine.named("central-lambda-shipper-role-policy").inputs["policy"])
    assert {sid: (s["Action"], s["Resource"]) for sid, s in ship.items()} == {
        "Logs": (
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"{LOGS}/slipway/dev/sinks/central/shipper:log-stream:*"],
        ),
        "Owners": (["logs:ListTagsForResource"], [f"{LOGS}/slipway/dev/*"]),
        "Traces": (["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"]),
        "FailedEvents": (
            ["sqs:SendMessage"],
            [f"arn:aws:sqs:eu-central-1:{ACCOUNT}:slipway-dev-sink-central-failures"],
        ),
        "Variables": (["kms:Decrypt"], [KEY]),
        None: (["kms:Decrypt", "kms:GenerateDataKey"], [KEY]),
    }
    assert ship[None]["Condition"] == {"StringEquals": {"kms:ViaService": "sqs.eu-central-1.amazonaws.com"}}
    (trusted,) = json.loads(engine.named("central-lambda-stream-role").inputs["assumeRolePolicy"])["Statement"]
    assert trusted["Condition"] == {"StringEquals": {"sts:ExternalId": ACCOUNT}}
    for part in ("filter", "stream", "shipper"):
        role = engine.named(f"central-lambda-{part}-role").inputs
        assert role["permissionsBoundary"].endswith(":policy/slipway-dev-boundary")


def test_the_boundary_grows_by_what_sinks_need_and_only_then(made, deploy, a_function, a_sink, engine):
    deploy({"orders": a_function()}, sinks=[a_sink()])
    before = statements(engine.named("dev-boundary").inputs["policy"])
    made()
    after = statements(engine.named("dev-boundary").inputs["policy"])
    assert {sid: after[sid] for sid in before} == before
    assert after.keys() - before.keys() == {"SinkStreams", "Shipper", "SinkOwners", "SinkBuckets"}
    granted = {
        (action, resource)
        for name in ("filter", "stream", "shipper")
        for s in json.loads(engine.named(f"central-lambda-{name}-role-policy").inputs["policy"])["Statement"]
        for action in s["Action"]
        for resource in s["Resource"]
    }
    allowed = {action for s in after.values() if s["Effect"] == "Allow" for action in s["Action"]}
    assert {action for action, _ in granted} <= allowed


def test_a_sink_that_no_function_on_lambda_uses_is_not_made(deploy, a_function, a_sink, engine):
    environment, _ = deploy({"orders": a_function()}, sinks=[a_sink()])
    assert not environment.log_sinks
    assert not engine.kinds("FirehoseDeliveryStream")


def test_a_key_of_its_own_encrypts_bucket_and_stream(made, engine, a_sink):
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/theirs"
    made(a_sink(kms_key=key))
    (rule,) = engine.named("central-lambda-bucket-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == key
    stream = engine.named("central-lambda-stream").inputs
    assert stream["serverSideEncryption"]["keyArn"] == stream["extendedS3Configuration"]["kmsKeyArn"] == key
    assert engine.named("central-lambda-stream-logs").inputs["kmsKeyId"] == KEY


def test_late_records_and_a_failing_shipper_raise_alarms(made, engine, a_sink):
    made(a_sink(buffer_age_s=300), alarm_topic="arn:aws:sns:eu-central-1:123456789012:on-call")
    late = engine.named("central-lambda-alarm-freshness").inputs
    assert (late["namespace"], late["metricName"], late["threshold"]) == (
        "AWS/Firehose",
        "DeliveryToS3.DataFreshness",
        1500,
    )
    assert late["dimensions"] == {"DeliveryStreamName": "slipway-dev-sink-central"}
    assert late["alarmActions"] == ["arn:aws:sns:eu-central-1:123456789012:on-call"]
    assert engine.named("central-lambda-alarm-shipper").inputs["dimensions"] == {
        "FunctionName": "slipway-dev-sink-central"
    }


def test_names_and_arns_are_known_in_the_first_preview(made, engine):
    made(preview=True)
    assert engine.named("central-lambda-stream").inputs["name"] == "slipway-dev-sink-central"
    assert STREAM in engine.named("central-lambda-filter-role-policy").inputs["policy"]


def test_a_transform_changes_a_part(made, engine, a_sink):
    def shorter(args, opts):
        return {**args, "retention_in_days": 1}, opts

    made(a_sink(transforms={"shipper-logs": shorter}))
    assert engine.named("central-lambda-shipper-logs").inputs["retentionInDays"] == 1


def test_everything_of_a_sink_says_whose_it_is(made, engine):
    made()
    for child in engine.registered:
        if child.parent == "central-lambda" and "tags" in child.inputs:
            assert child.tags["sink"] == "central"
