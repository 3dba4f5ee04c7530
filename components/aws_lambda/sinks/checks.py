"""What of a log sink cannot be had on Lambda, found before anything is created."""

from __future__ import annotations

from collections.abc import Iterator

from components.aws_lambda.arns import Arn
from components.aws_lambda.environment import LambdaEnvironment
from components.errors import nearest
from components.log_sink.args import LogSinkArgs

KINDS = ("destination", "http", "opensearch", "s3")
FOLDERS = ("environment", "function", "date")
_AGE = range(900 + 1)
_RETENTION = range(1, 36500 + 1)


def mistakes(label: str, args: LogSinkArgs, environment: LambdaEnvironment) -> list[str]:
    """Everything that is wrong with a sink for this target, one line each; empty when it can be made."""
    return [f"{label}: {line}" for line in (*_place(args, environment), *_settings(args, environment))]


def _place(args: LogSinkArgs, environment: LambdaEnvironment) -> Iterator[str]:
    match args.kind:
        case "s3" if args.create == (args.bucket is not None):
            yield "s3 needs either create or a bucket; set exactly one of the two"
        case "opensearch":
            yield from _arn(args.arn, "es", "an OpenSearch domain")
            if args.index is None:
                yield "opensearch needs index; set it"
        case "http":
            yield from _http(args, environment)
        case "destination":
            yield from _arn(args.arn, "logs", "a CloudWatch Logs destination")
        case kind if kind not in KINDS:
            yield f"kind {kind!r} cannot be reached from Lambda; {nearest(kind, KINDS)}"


def _http(args: LogSinkArgs, environment: LambdaEnvironment) -> Iterator[str]:
    secure = args.address is not None and args.address.startswith("https://")
    if args.address is None or (environment.site.tls and not secure):
        yield f"http needs an address with https, which Firehose demands, found {args.address!r}; set it"
    if args.secret is not None and ("secret", args.secret) not in environment.catalogue:
        secrets = [known for kind, known in environment.catalogue if kind == "secret"]
        yield f"secret {args.secret!r} is not in the catalogue; {nearest(args.secret, secrets)}"
    if args.secret_field not in {None, "api_key"}:
        yield (
            f"secret_field must be api_key, where Firehose looks for the access key in a secret, "
            f"found {args.secret_field!r}; name the field of the secret so"
        )


def _settings(args: LogSinkArgs, environment: LambdaEnvironment) -> Iterator[str]:
    if unknown := [name for name in args.partition if name not in FOLDERS]:
        yield f"partition has {unknown[0]!r}; {nearest(unknown[0], FOLDERS)}"
    if args.buffer_age_s not in _AGE:
        yield f"buffer_age_s must be 0-900, found {args.buffer_age_s}"
    if args.lock_days is not None and not (args.create and 1 <= args.lock_days <= args.retention_days):
        yield f"lock_days must be 1-{args.retention_days} (retention_days) with create, found {args.lock_days}"
    if args.retention_days not in _RETENTION:
        yield f"retention_days must be 1-36500, found {args.retention_days}"
    if args.kind in KINDS and args.kind != "destination" and environment.args.shipper is None:
        yield "its environment has no shipper, the package that makes envelopes of log events; set shipper"


def _arn(arn: str | None, service: str, what: str) -> Iterator[str]:
    parsed = Arn.parse(arn or "")
    if parsed is None or parsed.service != service:
        yield f"arn must be that of {what}, found {arn!r}"
