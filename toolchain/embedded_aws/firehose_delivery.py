"""Brings a stream's records to where they go: objects in a bucket, an HTTP endpoint, and the error prefix.

Facts: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and httpdeliveryrequestresponse.html
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import logging
import re
import time
from typing import TYPE_CHECKING, Any

import requests
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from toolchain.embedded_aws.firehose_transform import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from toolchain.embedded_aws.firehose_spool import Segment
    from toolchain.embedded_aws.firehose_stream import Bucket, Stream
    from toolchain.embedded_aws.firehose_transform import Record

_EXPRESSION = re.compile(r"!\{([A-Za-z]+):([^}]*)\}")
_JAVA_TIMES = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_ANSWER_S = 30.0
_HTTP_PAUSE_S = 1.0
_log = logging.getLogger(__name__)


class PartitionError(Exception):
    """A prefix asks for something that a record does not tell."""


def deliver(stream: Stream, segment: Segment, records: Sequence[Record], failures: Sequence[Failure]) -> None:
    """Deliver what became of a segment; a second delivery of the same segment replaces the objects of the first.

    Raises:
        Exception: The bucket does not take it; whatever moto raises.
    """
    refused = list(failures)
    if stream.kind in {"ExtendedS3", "S3"}:
        refused += _to_bucket(stream, segment, records)
    elif records and stream.kind == "HttpEndpoint":
        refused += _to_endpoint(stream, segment, records)
    else:
        message = f"Destinations of the kind {stream.kind} are not there in the embedded AWS."
        refused += [Failure(record, f"{stream.kind.lower()}-failed", "NotThere", message) for record in records]
    _to_errors(stream, segment, refused)


def prefix_of(prefix: str, moment: float, values: Mapping[str, str]) -> str:
    """A prefix with its expressions evaluated.

    Args:
        prefix: With expressions such as `!{timestamp:yyyy-MM-dd}` or `!{partitionKeyFromLambda:function}`.
        moment: When the records came, Unix seconds.
        values: What expressions other than times stand for, by `namespace:name`.

    Raises:
        PartitionError: There is no value for an expression.
    """
    when = dt.datetime.fromtimestamp(moment, tz=dt.UTC)
    if "!{" not in prefix:
        return prefix + when.strftime("%Y/%m/%d/%H/")

    def value(match: re.Match[str]) -> str:
        namespace, name = match.groups()
        if namespace == "timestamp":
            return when.strftime(re.sub("|".join(_JAVA_TIMES), lambda found: _JAVA_TIMES[found[0]], name))
        try:
            return values[f"{namespace}:{name}"]
        except KeyError as error:
            raise PartitionError(f"{match[0]} has no value") from error

    return _EXPRESSION.sub(value, prefix)


def _to_bucket(stream: Stream, segment: Segment, records: Sequence[Record]) -> list[Failure]:
    objects: dict[str, list[bytes]] = {}
    failures = []
    for record in records:
        values = {f"partitionKeyFromLambda:{name}": str(value) for name, value in record.keys.items()}
        values["firehose:random-string"] = segment.id[:11]
        try:
            prefix = prefix_of(stream.bucket.prefix, segment.created, values)
        except PartitionError as error:
            failures.append(Failure(record, "partitioning-failed", "DynamicPartitioning.MetadataNotFound", str(error)))
        else:
            objects.setdefault(prefix, []).append(record.data)
    for prefix, contents in objects.items():
        _put(stream, stream.bucket, prefix + _object_name(stream, segment), b"".join(contents))
    return failures


def _object_name(stream: Stream, segment: Segment) -> str:
    stamp = dt.datetime.fromtimestamp(segment.created, tz=dt.UTC).strftime("%Y-%m-%d-%H-%M-%S")
    return f"{stream.name}-{stream.version}-{stamp}-{segment.id}"


def _put(stream: Stream, bucket: Bucket, key: str, content: bytes, *, errors: bool = False) -> None:
    extension = "" if errors else bucket.extension
    if bucket.compression == "GZIP":
        content = gzip.compress(content, mtime=0)
        extension = extension or ".gz"
    partition = stream.arn.split(":")[1]
    s3_backends[stream.account][partition].put_object(
        bucket.name,
        key + extension,
        content,
        encryption="aws:kms" if bucket.key else None,
        kms_key_id=bucket.key,
    )


def _to_endpoint(stream: Stream, segment: Segment, records: Sequence[Record]) -> list[Failure]:
    """Post the records; those that the endpoint did not take in time are failures."""
    body = {
        "requestId": segment.id,
        "timestamp": int(time.time() * 1000),
        "records": [{"data": base64.b64encode(record.data).decode()} for record in records],
    }
    headers = {
        "X-Amz-Firehose-Protocol-Version": "1.0",
        "X-Amz-Firehose-Request-Id": segment.id,
        "X-Amz-Firehose-Source-Arn": stream.arn,
    }
    deadline, attempts = time.monotonic() + stream.retry_s, 0
    while True:
        attempts += 1
        try:
            if key := _access_key(stream):
                headers["X-Amz-Firehose-Access-Key"] = key
            answer = requests.post(stream.endpoint["url"], json=body, headers=headers, timeout=_ANSWER_S)
            if answer.ok:
                return []
            message = f"The endpoint answered {answer.status_code}."
        except Exception as error:  # noqa: BLE001 - moto and requests raise a class for each refusal
            message = f"The endpoint cannot be reached ({type(error).__name__})."
        if time.monotonic() + _HTTP_PAUSE_S > deadline:
            return [
                Failure(record, "http-endpoint-failed", "HttpEndpoint.DeliveryFailed", message, attempts)
                for record in records
            ]
        time.sleep(_HTTP_PAUSE_S)


def _access_key(stream: Stream) -> str:
    secret = stream.endpoint["secret"]
    if not secret:
        return stream.endpoint["key"]
    backend = secretsmanager_backends[stream.account][stream.region]
    value = json.loads(backend.get_secret_value(secret_id=secret, version_id="", version_stage="")["SecretString"])
    return str(value["api_key"])


def _to_errors(stream: Stream, segment: Segment, failures: Sequence[Failure]) -> None:
    kinds: dict[str, list[Failure]] = {}
    for failure in failures:
        kinds.setdefault(failure.kind, []).append(failure)
    for kind, found in kinds.items():
        bucket = stream.bucket
        prefix = bucket.error_prefix or f"{bucket.prefix.partition('!{')[0]}!{{firehose:error-output-type}}/"
        values = {"firehose:error-output-type": kind, "firehose:random-string": segment.id[:11]}
        key = prefix_of(prefix, segment.created, values) + _object_name(stream, segment)
        _put(stream, bucket, key, b"".join(_error_line(failure) for failure in found), errors=True)
        _log.warning("%s: %d records lie below %s: %s", stream.name, len(found), key, found[0].message)
        _tell(stream, found[0], len(found))


def _error_line(failure: Failure) -> bytes:
    now = int(time.time() * 1000)
    line: dict[str, Any] = {
        "attemptsMade": failure.attempts,
        "arrivalTimestamp": failure.record.arrived,
        "errorCode": failure.code,
        "errorMessage": failure.message,
        "attemptEndingTimestamp": now,
        "rawData": base64.b64encode(failure.record.data).decode(),
    }
    if failure.function:
        line["lambdaArn"] = failure.function
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _tell(stream: Stream, failure: Failure, count: int) -> None:
    """Write to the stream's own log, where there is one."""
    if stream.log is None:
        return
    group, name = stream.log
    backend = logs_backends[stream.account][stream.region]
    if group in backend.groups and name in backend.groups[group].streams:
        said = {
            "deliveryStreamARN": stream.arn,
            "deliveryStreamVersionId": stream.version,
            "message": failure.message,
            "errorCode": failure.code,
            "records": count,
        }
        event = {"timestamp": int(time.time() * 1000), "message": json.dumps(said)}
        backend.put_log_events(group, name, [event])
