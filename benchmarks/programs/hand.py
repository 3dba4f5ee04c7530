"""The same resources as ours.py, BENCH_FUNCTIONS functions, as one would write them without components."""

import json
import os
from typing import Any

import pulumi
import pulumi_aws as aws

ACCOUNT, REGION = "123456789012", "eu-central-1"
TAGS = {"environment": "bench", "managed-by": "pulumi"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
opts = pulumi.ResourceOptions(provider=provider)
key = aws.kms.Key(
    "key",
    description="Variables, logs, queues and packages",
    enable_key_rotation=True,
    deletion_window_in_days=30,
    policy=document(
        allow("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        allow(["kms:Encrypt", "kms:Decrypt"], "*", Principal={"Service": f"logs.{REGION}.amazonaws.com"}),
    ),
    tags=TAGS,
    opts=opts,
)
aws.kms.Alias("key-alias", name="alias/bench", target_key_id=key.key_id, opts=opts)
boundary = aws.iam.Policy(
    "boundary", name="bench-boundary", policy=document(allow(["logs:PutLogEvents"], "*")), tags=TAGS, opts=opts
)
bucket = aws.s3.Bucket("packages", bucket=f"bench-packages-{ACCOUNT}", force_destroy=True, tags=TAGS, opts=opts)
access = aws.s3.BucketPublicAccessBlock(
    "packages-access",
    bucket=bucket.id,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
    opts=opts,
)
aws.s3.BucketOwnershipControls(
    "packages-ownership", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
)
aws.s3.BucketServerSideEncryptionConfiguration(
    "packages-encryption",
    bucket=bucket.id,
    rules=[
        {"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}},
    ],
    opts=opts,
)
aws.s3.BucketVersioning(
    "packages-versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=opts
)
aws.s3.BucketPolicy(
    "packages-policy",
    bucket=bucket.id,
    policy=bucket.arn.apply(
        lambda arn: document({"Effect": "Deny", "Action": "s3:*", "Principal": "*", "Resource": [arn, f"{arn}/*"]})
    ),
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[access]),
)
aws.cloudwatch.EventBus("bus", name="bench", tags=TAGS, opts=opts)
aws.scheduler.ScheduleGroup("schedules", name="bench", tags=TAGS, opts=opts)


def alarm(name: str, part: str, tags: dict[str, str], **metric: Any) -> None:
    aws.cloudwatch.MetricAlarm(
        f"{name}-alarm-{part}",
        name=f"bench-{name}-{part}",
        alarm_description=f"{name}: {part}",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        period=300,
        treat_missing_data="notBreaching",
        tags=tags,
        opts=opts,
        **metric,
    )


for index in range(int(os.environ["BENCH_FUNCTIONS"])):
    name = f"f{index}"
    tags = {**TAGS, "function": name, "owner": "team"}
    logs = aws.cloudwatch.LogGroup(
        f"{name}-logs", name=f"/bench/{name}", retention_in_days=30, kms_key_id=key.arn, tags=tags, opts=opts
    )
    failures = aws.sqs.Queue(
        f"{name}-failures",
        name=f"bench-{name}-failures",
        kms_master_key_id=key.arn,
        message_retention_seconds=1209600,
        policy=document({"Effect": "Deny", "Action": "sqs:*", "Principal": "*", "Resource": "*"}),
        tags=tags,
        opts=opts,
    )
    role = aws.iam.Role(
        f"{name}-role",
        name=f"bench-{name}",
        assume_role_policy=document(
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ),
        permissions_boundary=boundary.arn,
        tags=tags,
        opts=opts,
    )
    policy = aws.iam.RolePolicy(
        f"{name}-role-policy",
        name="function",
        role=role.name,
        policy=pulumi.Output.all(logs.arn, failures.arn, key.arn).apply(
            lambda arns: document(
                allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{arns[0]}:*"),
                allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
                allow(["sqs:SendMessage"], arns[1]),
                allow(["kms:Decrypt", "kms:GenerateDataKey"], arns[2]),
            )
        ),
        opts=opts,
    )
    function = aws.lambda_.Function(
        name,
        name=f"bench-{name}",
        role=role.arn,
        architectures=["x86_64"],
        memory_size=256,
        timeout=30,
        ephemeral_storage={"size": 512},
        environment={"variables": {"FUNCTION_TARGET": "handle", "FUNCTION_SOURCE": "main.py"}},
        kms_key_arn=key.arn,
        tracing_config={"mode": "Active"},
        logging_config={"log_format": "JSON", "log_group": logs.name, "application_log_level": "INFO"},
        publish=True,
        package_type="Zip",
        s3_bucket=bucket.bucket,
        s3_key=f"packages/{name}/{index:064x}.zip",
        runtime="python3.11",
        handler="main.handle",
        tags=tags,
        opts=pulumi.ResourceOptions(provider=provider, depends_on=[policy, logs]),
    )
    live = aws.lambda_.Alias(
        f"{name}-alias", name="live", function_name=function.name, function_version=function.version, opts=opts
    )
    aws.lambda_.FunctionEventInvokeConfig(
        f"{name}-failure-destination",
        function_name=function.name,
        qualifier=live.name,
        maximum_event_age_in_seconds=21600,
        maximum_retry_attempts=2,
        destination_config={"on_failure": {"destination": failures.arn}},
        opts=opts,
    )
    url = aws.lambda_.FunctionUrl(
        f"{name}-url",
        function_name=function.name,
        qualifier=live.name,
        authorization_type="AWS_IAM",
        opts=opts,
    )
    dimensions = {"FunctionName": function.name, "Resource": f"bench-{name}:live"}
    for part, metric, statistic, threshold in (
        ("errors", "Errors", "Sum", 0),
        ("throttles", "Throttles", "Sum", 0),
        ("duration", "Duration", "Maximum", 27000),
    ):
        alarm(
            name,
            part,
            tags,
            namespace="AWS/Lambda",
            metric_name=metric,
            statistic=statistic,
            threshold=threshold,
            dimensions=dimensions,
        )
    alarm(
        name,
        "failures",
        tags,
        namespace="AWS/SQS",
        metric_name="ApproximateNumberOfMessagesVisible",
        statistic="Maximum",
        threshold=0,
        dimensions={"QueueName": failures.name},
    )
    pulumi.export(name, url.function_url)
