"""A log sink on AWS Lambda: what stands between log groups and a central store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws import cloudwatch

from components.aws_lambda.alarms import make_alarm, metric
from components.aws_lambda.buckets import make_private_bucket
from components.aws_lambda.environment import LambdaEnvironment
from components.aws_lambda.sinks.checks import mistakes
from components.aws_lambda.sinks.place import Place
from components.aws_lambda.sinks.roles import filter_role, shipper_role, stream_role
from components.aws_lambda.sinks.shipper import make_shipper
from components.aws_lambda.sinks.stream import LOG_STREAM, make_stream
from components.base import Component
from components.errors import InputError
from components.log_sink.args import LogSinkArgs

_OLD_VERSION_DAYS = 30
_LATE_S = 900
_FRESHNESS = {
    "s3": "DeliveryToS3.DataFreshness",
    "http": "DeliveryToHttpEndpoint.DataFreshness",
    "opensearch": "DeliveryToAmazonOpenSearchService.DataFreshness",
}


class LambdaSink:
    """What one sink consists of on Lambda.

    Creates: bucket and its guards (unless one is adopted); roles of filters, stream and shipper; shipper and its log
    group; log group and stream of Firehose; Firehose stream; alarms. Nothing at all for a destination of another
    account, which log groups forward to directly.

    Attributes:
        target_arn: What filters of log groups name.
        filter_role_arn: Role by which they put events there; None for a destination of another account.
        ready: What must exist before a filter does.
        bucket: Bucket that records are written to, or those that the store refused; None when there is none.
    """

    def __init__(self, owner: Component, args: LogSinkArgs, environment: LambdaEnvironment) -> None:
        if found := mistakes(owner.label, args, environment):
            raise InputError(found)
        self.target_arn: pulumi.Input[str]
        self.filter_role_arn: pulumi.Input[str] | None = None
        self.ready: Sequence[pulumi.Resource] = ()
        self.bucket: pulumi.Output[str] | None = None
        if args.kind == "destination":
            assert args.arn is not None
            self.target_arn = args.arn
            return
        place = Place(owner, environment, args)
        key_arn: pulumi.Input[str] = args.kms_key or environment.key_arn
        self.bucket = _bucket(place, key_arn)
        log = _stream_log(place)
        shipper = make_shipper(place, shipper_role(place))
        role = stream_role(place, key_arn)
        stream = make_stream(place, bucket=self.bucket, key_arn=key_arn, role=role, shipper=shipper, log=log)
        forwarding = filter_role(place)
        self.target_arn = stream.arn
        self.filter_role_arn = forwarding.role.arn
        self.ready = [forwarding.policy]
        _make_alarms(place)


def _bucket(place: Place, key_arn: pulumi.Input[str]) -> pulumi.Output[str]:
    args = place.args
    if args.bucket is not None:
        return pulumi.Output.from_input(args.bucket)
    name = place.take("bucket", place.bucket)
    site = place.environment.site
    return make_private_bucket(
        place.owner, site, "bucket", name, key_arn, lifecycle=_retention(args), lock_days=args.lock_days
    )


def _retention(args: LogSinkArgs) -> dict[str, Any]:
    return {
        "id": "retention",
        "expiration": {"days": args.retention_days},
        "noncurrent_version_expiration": {"days": min(args.retention_days, _OLD_VERSION_DAYS)},
    }


def _stream_log(place: Place) -> pulumi.Resource:
    """The log of the stream itself, which no filter forwards."""
    owner, environment = place.owner, place.environment
    group = owner.child(
        "stream-logs",
        cloudwatch.LogGroup,
        {
            "name": place.take("log-group", place.stream_log),
            "log_group_class": "STANDARD",
            "retention_in_days": environment.args.log_retention_days,
            "kms_key_id": environment.key_arn,
        },
    )
    return owner.child(
        "stream-log", cloudwatch.LogStream, {"name": LOG_STREAM, "log_group_name": group.name}, depends_on=[group]
    )


def _make_alarms(place: Place) -> None:
    args, site = place.args, place.environment.site
    late = 2 * args.buffer_age_s + _LATE_S
    for part, text, properties in (
        (
            "freshness",
            f"records wait for more than {late} s",
            metric("AWS/Firehose", _FRESHNESS[args.kind], "Maximum", late, {"DeliveryStreamName": place.stream}),
        ),
        (
            "shipper",
            "envelopes cannot be made, and records go below errors/",
            metric("AWS/Lambda", "Errors", "Sum", 0, {"FunctionName": place.shipper}),
        ),
    ):
        make_alarm(place.owner, site, part, f"{place.stream}: {text}", properties, name=f"sink-{args.name}")
