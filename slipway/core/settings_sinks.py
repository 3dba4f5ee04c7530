"""Sections of an environment's settings that describe log sinks: where they are, what goes there and how."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from slipway.core.fields import (
    Bounds,
    LogLevel,
    Model,
    Name,
    Owner,
    Private,
    Shape,
    Size,
    mistake,
    no_value_twice,
    only_known,
)
from slipway.core.manifest import SecretRef
from slipway.core.redaction import Expression, Pattern
from slipway.core.settings_parts import Address, KmsKey, Region, arn_shape

DESTINATIONS = ("s3", "loki", "otlp", "opensearch", "http", "destination")
"""Kinds of destinations, as the keys of a sink."""

_UNITS = {"Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


class S3(Model):
    """A bucket: made by the environment, or one that exists."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["create"]}, {"required": ["bucket"]}]})

    create: Literal[True] | None = Field(
        default=None, description="The environment makes the bucket, private, encrypted and with the sink's retention."
    )
    bucket: (
        Annotated[str, Shape("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket, 3-63 characters")] | None
    ) = Field(default=None, description="Name of a bucket that exists.", examples=["example-log-archive"])
    region: Region | None = Field(
        default=None, description="Region of a bucket that exists; without it, that of `slipway:aws`."
    )
    endpoint: Address | None = Field(
        default=None,
        description="Address of a store that speaks S3, on Knative; without it, AWS.",
        examples=["https://minio.example.com"],
    )
    prefix: Annotated[
        str,
        Shape("(?:[A-Za-z0-9_.=-]+/)*", "folders, each with a slash at its end, such as logs/shop/"),
        Field(max_length=200),
    ] = Field(default="", description="What all keys start with.", examples=["logs/shop/"])
    secret: SecretRef | None = Field(
        default=None,
        description="Secret with the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, on Knative; without it, "
        "the role of the node.",
        examples=["log-archive"],
    )

    lock: Annotated[int, Bounds(1, 36500, "days")] | None = Field(
        default=None,
        description="Days for which nobody may delete or overwrite a record in a bucket that the environment makes; "
        "without it none is locked.",
    )

    @model_validator(mode="before")
    @classmethod
    def _made_or_there(cls, value: Any) -> Any:
        if only_known(cls, value):
            extra = [name for name in ("region", "endpoint", "secret") if name in value]
            if ("create" in value) == ("bucket" in value):
                raise mistake("create-or-adopt", "must have either create: true, or bucket")
            if "bucket" in value and "lock" in value:
                raise mistake(
                    "create-or-adopt", "has lock beside bucket", "remove lock; lock the bucket where it is made"
                )
            if "create" in value and extra:
                raise mistake("create-or-adopt", f"has {extra[0]} beside create", f"remove {extra[0]}, or give bucket")
        return value


class Loki(Model):
    """Grafana Loki, version 3 or later."""

    address: Address | None = Field(
        default=None,
        description="Its address, without a path; without it, that of the embedded cluster.",
        examples=["https://loki.example.com"],
    )
    tenant: Annotated[str, Shape("[A-Za-z0-9!_.*'()-]{1,150}", "1-150 letters, digits and !_.*'()-")] | None = Field(
        default=None, description="Tenant (`X-Scope-OrgID`).", examples=["shop"]
    )
    secret: SecretRef | None = Field(
        default=None, description="Secret with the value of the header `Authorization`.", examples=["loki/header"]
    )


class Otlp(Model):
    """Anything that takes OpenTelemetry's logs over HTTP."""

    address: Address = Field(
        description="Its address; `/v1/logs` is added.", examples=["https://otel.example.com:4318"]
    )
    secret: SecretRef | None = Field(default=None, description="Secret with the value of the header `Authorization`.")


class OpenSearch(Model):
    """OpenSearch or Elasticsearch: by its ARN for Lambda, by its address for Knative, or by both."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["arn"]}, {"required": ["address"]}]})

    arn: Annotated[str, arn_shape("es", "domain/[a-z][a-z0-9-]{2,27}", "an OpenSearch domain")] | None = Field(
        default=None, description="ARN of a domain of Amazon OpenSearch Service, for functions on Lambda."
    )
    address: Address | None = Field(
        default=None, description="Its address, for functions on Knative.", examples=["https://search.example.com:9200"]
    )
    index: Annotated[
        str, Shape("[a-z0-9][a-z0-9_.-]{0,79}", "1-80 lower-case letters, digits and _ . -, a letter or digit first")
    ] = Field(default="functions", description="Index, or data stream.")
    secret: SecretRef | None = Field(
        default=None, description="Secret with the value of the header `Authorization`, on Knative."
    )

    @model_validator(mode="before")
    @classmethod
    def _arn_or_address(cls, value: Any) -> Any:
        if only_known(cls, value) and not {"arn", "address"} & value.keys():
            raise mistake("no-place", "must have arn (for Lambda), address (for Knative) or both")
        return value


class HttpReceiver(Model):
    """A receiver of Firehose's HTTP requests, for example a collector with the receiver `awsfirehose`."""

    address: Address = Field(description="Its address.", examples=["https://otel.example.com/firehose"])
    secret: SecretRef | None = Field(
        default=None,
        description="Secret whose field `api_key` is the access key (`X-Amz-Firehose-Access-Key`).",
        examples=["receiver/api_key"],
    )


class LogDestination(Model):
    """A destination of CloudWatch Logs that another account made."""

    arn: Annotated[str, arn_shape("logs", "destination:[^:*]{1,512}", "a CloudWatch Logs destination")] = Field(
        description="Its ARN.", examples=["arn:aws:logs:eu-central-1:444455556666:destination:central"]
    )


class SinkEncryption(Model):
    """Encryption at rest of what a sink makes."""

    key: KmsKey = Field(description="ARN of the key for the sink's bucket and stream.")


class Redaction(Model):
    """What is masked before a record leaves node or account."""

    patterns: Annotated[list[Pattern], AfterValidator(no_value_twice)] = Field(
        default=["email", "card", "jwt", "aws-key", "bearer", "password"],
        description="Named patterns; `[]` switches them off.",
    )
    expressions: Annotated[list[Annotated[Expression, Private()]], Field(max_length=50)] = Field(
        default=[], description="Further regular expressions.", examples=[["[A-Z]{2}[0-9]{20}"]]
    )


class Buffer(Model):
    """What waits on its way to a sink."""

    size: Size = Field(
        default="1Gi", description="Disk on each node for what the sink does not take at the moment, on Knative."
    )
    age: Annotated[int, Bounds(1, 900, "seconds")] = Field(
        default=60,
        description="Seconds for which records are collected before they are sent, at the most; for a bucket on Lambda "
        "no less than 60.",
    )

    @property
    def bytes(self) -> int:
        """The size as a number."""
        return int(self.size[:-2]) * _UNITS[self.size[-2:]]


class Sink(Model):
    """A central store of logs, and what of the logs goes there."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [kind]} for kind in DESTINATIONS]})

    s3: S3 | None = Field(default=None, description="A bucket: an archive that is cheap and can be queried.")
    loki: Loki | None = Field(default=None, description="Grafana Loki.")
    otlp: Otlp | None = Field(default=None, description="Anything that takes OpenTelemetry's logs.")
    opensearch: OpenSearch | None = Field(default=None, description="OpenSearch or Elasticsearch.")
    http: HttpReceiver | None = Field(default=None, description="A receiver of Firehose's HTTP requests.")
    destination: LogDestination | None = Field(
        default=None, description="A CloudWatch Logs destination of another account."
    )
    functions: Annotated[list[Name], Field(min_length=1), AfterValidator(no_value_twice)] | None = Field(
        default=None,
        description="Functions whose logs go there; without it and without `owners`, those of all functions.",
        examples=[["orders", "receipts"]],
    )
    owners: Annotated[list[Owner], Field(min_length=1), AfterValidator(no_value_twice)] | None = Field(
        default=None, description="Owners, beside `functions`: logs of all their functions go there."
    )
    platform: bool = Field(
        default=True,
        description="Whether request logs, Kubernetes events and Lambda's own records (`platform.*`) go there too.",
    )
    retention: Annotated[int, Bounds(1, 36500, "days")] = Field(
        default=30, description="Days for which a bucket that the environment makes keeps records."
    )
    encryption: SinkEncryption | None = Field(
        default=None, description="Key of the sink's bucket and stream; without it, that of the environment."
    )
    level: LogLevel | None = Field(
        default=None, description="Lowest severity that is forwarded; without it, everything is."
    )
    exclude: Annotated[list[Expression], Field(max_length=50)] = Field(
        default=[],
        description="Regular expressions of messages that are not forwarded.",
        examples=[["^GET /health"]],
    )
    redact: Redaction = Field(default=Redaction(), description="What is masked as `[redacted]`.")
    buffer: Buffer = Field(default=Buffer(), description="What waits on its way.")
    partition: Annotated[
        list[Literal["environment", "function", "date"]],
        Field(min_length=1),
        AfterValidator(no_value_twice),
    ] = Field(default=["environment", "function", "date"], description="Folders of a bucket, in this order.")

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, value: Any) -> Any:
        if only_known(cls, value):
            found = [kind for kind in DESTINATIONS if kind in value]
            if len(found) != 1:
                raise mistake(
                    "one-destination",
                    f"must have exactly one of {', '.join(DESTINATIONS)}, found {' and '.join(found) or 'none'}",
                    "write a sink for each",
                )
        return value

    @model_validator(mode="after")
    def _locked_no_longer_than_kept(self) -> Self:
        if self.s3 is not None and self.s3.lock is not None and self.s3.lock > self.retention:
            raise mistake(
                "lock-beyond-retention",
                f"has s3.lock {self.s3.lock} above retention {self.retention}",
                "lower it, or raise retention; what is locked cannot be removed when its time is over",
            )
        return self

    @property
    def kind(self) -> str:
        """Kind of the destination."""
        return next(kind for kind in DESTINATIONS if getattr(self, kind) is not None)

    @property
    def at(self) -> S3 | Loki | Otlp | OpenSearch | HttpReceiver | LogDestination:
        """The destination."""
        found: S3 | Loki | Otlp | OpenSearch | HttpReceiver | LogDestination = getattr(self, self.kind)
        return found
