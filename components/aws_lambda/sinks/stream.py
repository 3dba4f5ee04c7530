"""The Firehose stream of a log sink: gathers, has envelopes made, delivers, and keeps what it could not deliver."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_aws import kinesis, lambda_

from components.aws_lambda.sinks.place import Place
from components.aws_lambda.sinks.roles import SinkRole
from components.log_sink.args import LogSinkArgs

ERRORS = "errors/"
"""Where in the bucket lies what could not be transformed or delivered, below the sink's prefix."""
LOG_STREAM = "delivery"
"""Stream of the log group that Firehose writes its errors to."""

_ERROR_FOLDERS = "!{firehose:error-output-type}/date=!{timestamp:yyyy-MM-dd}/"
_FOLDERS = {
    "function": "function=!{partitionKeyFromLambda:function}/",
    "date": "date=!{partitionKeyFromLambda:date}/",
}
_PARTITIONED_MB = 64  # Firehose takes no less where it divides records among folders
_PARTITIONED_S = 60
_SIZE_MB = 5
_RETRY_S = 3600


def prefix_of(args: LogSinkArgs, environment: str) -> str:
    """Prefix of the objects, with the expressions that Firehose evaluates for each record."""
    folders = [_FOLDERS.get(name, f"environment={environment}/") for name in args.partition]
    return args.prefix + "".join(folders)


def make_stream(
    place: Place,
    *,
    bucket: pulumi.Input[str],
    key_arn: pulumi.Input[str],
    role: SinkRole,
    shipper: lambda_.Function,
    log: pulumi.Resource,
) -> kinesis.FirehoseDeliveryStream:
    """Create the stream.

    Args:
        place: What it is made from.
        bucket: Name of the bucket, resolved when its guards stand.
        key_arn: Key of the stream and its objects.
        role: Role by which it delivers.
        shipper: Function that makes envelopes.
        log: The log stream for its errors.
    """
    args, arns = place.args, place.environment.arns
    objects: dict[str, Any] = {
        "role_arn": role.role.arn,
        "bucket_arn": pulumi.Output.from_input(bucket).apply(arns.bucket),
        "error_output_prefix": args.prefix + ERRORS + _ERROR_FOLDERS,
        "kms_key_arn": key_arn,
        "cloudwatch_logging_options": _logging(place),
    }
    common = {"processing_configuration": {"enabled": True, "processors": [_shipping(shipper)]}}
    match args.kind:
        case "s3":
            kind, settings = "extended_s3", {**objects, **_archive(place)}
        case "http":
            kind, settings = "http_endpoint", _store(place, role, objects) | _http(place, role)
        case _:
            kind, settings = "opensearch", _store(place, role, objects) | _opensearch(args)
    return place.owner.child(
        "stream",
        kinesis.FirehoseDeliveryStream,
        {
            "name": place.take("delivery-stream", place.stream),
            "destination": kind,
            "server_side_encryption": {"enabled": True, "key_type": "CUSTOMER_MANAGED_CMK", "key_arn": key_arn},
            f"{kind}_configuration": settings | common,
        },
        depends_on=[role.policy, log],
    )


def _archive(place: Place) -> dict[str, Any]:
    """Where objects lie; the shipper compresses them, because a batch of plain envelopes may exceed Lambda's answer."""
    args = place.args
    partitioned = any(name in _FOLDERS for name in args.partition)
    return {
        "prefix": prefix_of(args, place.environment.names.environment),
        "compression_format": "UNCOMPRESSED",
        "file_extension": ".jsonl.gz",
        "buffering_size": _PARTITIONED_MB if partitioned else _SIZE_MB,
        "buffering_interval": max(args.buffer_age_s, _PARTITIONED_S) if partitioned else args.buffer_age_s,
        "dynamic_partitioning_configuration": {"enabled": True, "retry_duration": _RETRY_S} if partitioned else None,
    }


def _store(place: Place, role: SinkRole, objects: dict[str, Any]) -> dict[str, Any]:
    """What every store has that is no bucket; what it refuses for an hour lies in the bucket, as dead letters."""
    return {
        "role_arn": role.role.arn,
        "buffering_size": _SIZE_MB,
        "buffering_interval": place.args.buffer_age_s,
        "retry_duration": _RETRY_S,
        "s3_configuration": {**objects, "compression_format": "GZIP"},
        "cloudwatch_logging_options": _logging(place),
    }


def _http(place: Place, role: SinkRole) -> dict[str, Any]:
    args = place.args
    secret = place.environment.catalogue["secret", args.secret].arn if args.secret else None
    return {
        "url": args.address,
        "name": args.name,
        "request_configuration": {"content_encoding": "GZIP"},
        "secrets_manager_configuration": (
            {"enabled": True, "secret_arn": secret, "role_arn": role.role.arn} if secret else None
        ),
        "s3_backup_mode": "FailedDataOnly",
    }


def _opensearch(args: LogSinkArgs) -> dict[str, Any]:
    return {
        "domain_arn": args.arn,
        "index_name": args.index,
        "index_rotation_period": "OneDay",
        "s3_backup_mode": "FailedDocumentsOnly",
    }


def _shipping(shipper: lambda_.Function) -> dict[str, Any]:
    """The processor, with Firehose's defaults: 3 retries, 1 MB, 60 s, the stream's own role.

    The provider leaves defaults out when it reads a stream: naming them would be a difference after each refresh.
    """
    arn = shipper.arn.apply(lambda arn: f"{arn}:$LATEST")
    return {"type": "Lambda", "parameters": [{"parameter_name": "LambdaArn", "parameter_value": arn}]}


def _logging(place: Place) -> dict[str, Any]:
    return {"enabled": True, "log_group_name": place.stream_log, "log_stream_name": LOG_STREAM}
