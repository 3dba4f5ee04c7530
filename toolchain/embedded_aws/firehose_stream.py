"""A deployed Firehose stream as its API describes it: everything that delivering its records depends on."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEGABYTE = 1024 * 1024
_DEFAULT_SIZE_MB, _DEFAULT_INTERVAL_S = 5, 300
_LAMBDA_SIZE_MB, _LAMBDA_RETRIES = 1.0, 3


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """Where objects go.

    Attributes:
        name: Name of the bucket.
        prefix: Prefix of objects, with expressions.
        error_prefix: Prefix of what could not be delivered, with expressions.
        compression: `UNCOMPRESSED`, `GZIP` or another that is not there.
        extension: Ending of the objects' names; empty takes that of the compression.
        key: ARN of the key that encrypts them; None leaves it to the bucket.
    """

    name: str
    prefix: str
    error_prefix: str
    compression: str
    extension: str
    key: str | None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Transformation:
    """The function that a stream's records go through.

    Attributes:
        function: Its ARN.
        size: Bytes of records that it gets at once.
        retries: How often a call that was not taken is tried again.
    """

    function: str
    size: int
    retries: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """A stream and its destination.

    Attributes:
        name: Its name.
        arn: Its ARN.
        region: Its region.
        account: Its account.
        version: Version of its destination.
        kind: `ExtendedS3`, `S3`, `HttpEndpoint` or another, whose records all go below the error prefix.
        bucket: Where objects go, those that another destination refused among them.
        endpoint: The address of an HTTP endpoint, its access key and the ARN of the secret with that key.
        retry_s: Seconds for which an HTTP endpoint is tried again.
        interval_s: Seconds for which records are gathered.
        size: Bytes after which they are delivered sooner.
        decompress: Whether records are unpacked before anything else.
        transformation: What they go through then; None leaves them as they are.
        partitioned: Whether each record names where it goes.
        log: Group and stream of CloudWatch Logs for errors; None when they are not written.
    """

    name: str
    arn: str
    region: str
    account: str
    version: str
    kind: str
    bucket: Bucket
    endpoint: Mapping[str, str]
    retry_s: float
    interval_s: float
    size: int
    decompress: bool
    transformation: Transformation | None
    partitioned: bool
    log: tuple[str, str] | None


def describe(model: Any, account: str, region: str) -> Stream:
    """The stream that an object of moto's is."""
    found = {kind: values for kind, values in model.destinations[0].items() if kind != "destination_id"}
    kind = "ExtendedS3" if "ExtendedS3" in found else next(iter(found))
    settings = found[kind]
    hints = settings.get("BufferingHints") or {}
    processing = settings.get("ProcessingConfiguration") or {}
    processors = (processing.get("Processors") or []) if processing.get("Enabled") else []
    logging = settings.get("CloudWatchLoggingOptions") or {}
    objects = settings if "BucketARN" in settings else settings.get("S3DestinationDescription") or {}
    endpoint = settings.get("EndpointConfiguration") or {}
    return Stream(
        name=model.delivery_stream_name,
        arn=model.delivery_stream_arn,
        region=region,
        account=account,
        version=model.version_id,
        kind=kind,
        bucket=_bucket(objects),
        endpoint={
            "url": endpoint.get("Url") or "",
            "key": endpoint.get("AccessKey") or "",
            "secret": (settings.get("SecretsManagerConfiguration") or {}).get("SecretARN") or "",
        },
        retry_s=float((settings.get("RetryOptions") or {}).get("DurationInSeconds") or 0),
        interval_s=float(hints.get("IntervalInSeconds", _DEFAULT_INTERVAL_S)),
        size=int(float(hints.get("SizeInMBs") or _DEFAULT_SIZE_MB) * _MEGABYTE),
        decompress=any(item["Type"] == "Decompression" for item in processors),
        transformation=next((_transformation(item) for item in processors if item["Type"] == "Lambda"), None),
        partitioned=bool((settings.get("DynamicPartitioningConfiguration") or {}).get("Enabled")),
        log=(logging["LogGroupName"], logging["LogStreamName"]) if logging.get("Enabled") else None,
    )


def _bucket(settings: Mapping[str, Any]) -> Bucket:
    encryption = (settings.get("EncryptionConfiguration") or {}).get("KMSEncryptionConfig") or {}
    return Bucket(
        name=str(settings.get("BucketARN", "")).rpartition(":")[2],
        prefix=settings.get("Prefix") or "",
        error_prefix=settings.get("ErrorOutputPrefix") or "",
        compression=settings.get("CompressionFormat") or "UNCOMPRESSED",
        extension=settings.get("FileExtension") or "",
        key=encryption.get("AWSKMSKeyARN"),
    )


def _transformation(processor: Mapping[str, Any]) -> Transformation:
    parameters = {item["ParameterName"]: item["ParameterValue"] for item in processor.get("Parameters") or []}
    return Transformation(
        function=parameters["LambdaArn"],
        size=int(float(parameters.get("BufferSizeInMBs") or _LAMBDA_SIZE_MB) * _MEGABYTE),
        retries=int(parameters.get("NumberOfRetries") or _LAMBDA_RETRIES),
    )
