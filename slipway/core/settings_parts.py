"""Sections of an environment's settings."""

import ipaddress
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from slipway.core.fields import (
    Memory,
    Model,
    Name,
    Private,
    Scale,
    Shape,
    Throttle,
    Timeout,
    mistake,
)
from slipway.core.manifest import Variables

_ARN = r"arn:aws[a-z-]*:{service}:{region}:{account}:{rest}"


def arn_shape(service: str, rest: str, form: str, *, region: str = "[a-z0-9-]+", account: str = "[0-9]{12}") -> Shape:
    """Text that is the ARN of one kind of resource.

    Args:
        service: The service in it.
        rest: Regular expression of what follows the account.
        form: The kind of resource in words.
        region: Regular expression of the region; empty for services without regions.
        account: Regular expression of the account; empty for services without accounts in ARNs.
    """
    return Shape(_ARN.format(service=service, region=region, account=account, rest=rest), f"the ARN of {form}")


def is_loopback(address: str) -> bool:
    """Whether an address is on this machine."""
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, right = urlsplit(""), False
    if not right or parts.username is not None or parts.query or parts.fragment or not address.isprintable():
        raise mistake("bad-address", "must be an http or https address without user, query or fragment")
    return address


Address = Annotated[str, Field(max_length=2048), AfterValidator(_check_address), Private()]
"""An address; never shown, because it may hold a user and a password."""


class Aws(Model):
    """The AWS account of an environment."""

    account: Annotated[str, Shape("[0-9]{12}", "12 digits in quotes")] = Field(
        description="Account number, 12 digits in quotes; calls to any other account are refused.",
        examples=["123456789012"],
    )
    region: Annotated[
        str,
        Shape(
            "(?:af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-(?:north|south|east|west|central|northeast|northwest|southeast"
            "|southwest)-[1-9]",
            "a region such as eu-central-1",
        ),
    ] = Field(description="Region.", examples=["eu-central-1"])
    partition: Literal["aws", "aws-cn", "aws-us-gov"] | None = Field(
        default=None, description="Partition; without it, the one that the region is in."
    )
    endpoint: Address | None = Field(
        default=None,
        description="Address of all AWS services, for an embedded AWS; without it, AWS itself.",
        examples=["http://127.0.0.1:4610"],
    )
    http_entry: Address | None = Field(
        default=None,
        description="Address at which an embedded AWS serves the deployed HTTP routes.",
        examples=["http://127.0.0.1:4611"],
    )
    access_key: Annotated[str, Field(min_length=1, max_length=128), Private()] | None = Field(
        default=None, description="Access key of an embedded AWS on loopback only; real ones come from the usual chain."
    )
    secret_key: Annotated[str, Field(min_length=1, max_length=128), Private()] | None = Field(
        default=None, description="Secret key of an embedded AWS on loopback only."
    )

    @property
    def region_partition(self) -> str:
        """The partition that the region is in."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"


# Amazon CloudWatch Logs, PutRetentionPolicy: the only values of retentionInDays.
Retention = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]


class Logs(Model):
    """Logs of the functions."""

    retention: Retention = Field(default=30, description="Days for which log groups keep events.")
    level: Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] = Field(
        default="INFO", description="Lowest level of application logs that is kept."
    )


class Encryption(Model):
    """Encryption at rest."""

    key: Annotated[str, arn_shape("kms", "key/[A-Za-z0-9-]+", "a KMS key, not of an alias")] = Field(
        description="ARN of the key for variables, logs and queues."
    )


class Tokens(Model):
    """Who issues the JWTs that routes with `auth: token` accept."""

    issuer: Address = Field(
        description="Address of the issuer, as in the `iss` claim.", examples=["https://login.example.com"]
    )
    audience: Annotated[
        list[Annotated[str, Shape("[!-~]{1,256}", "visible ASCII characters")]], Field(min_length=1)
    ] = Field(description="Accepted `aud` claims.", examples=[["orders"]])


class Http(Model):
    """The public HTTP entry."""

    tokens: Tokens | None = Field(default=None, description="Issuer for routes with `auth: token`.")
    throttle: Throttle = Field(
        default=Throttle(rate=100, burst=200), description="Bounds of routes without bounds of their own."
    )


class Network(Model):
    """The VPC of the functions."""

    subnets: Annotated[
        list[Annotated[str, Shape("subnet-[0-9a-f]{8,17}", "a subnet's id such as subnet-0a1b2c3d")]],
        Field(min_length=1, max_length=16),
    ] = Field(description="Ids of the subnets that functions run in.")
    security_groups: Annotated[
        list[Annotated[str, Shape("sg-[0-9a-f]{8,17}", "a security group's id such as sg-0a1b2c3d")]],
        Field(min_length=1, max_length=5),
    ] = Field(description="Ids of the security groups of functions, 1 to 5.")


class CodeSigning(Model):
    """Signing of code."""

    profiles: Annotated[
        list[
            Annotated[
                str, arn_shape("signer", "/signing-profiles/[A-Za-z0-9_]+/[A-Za-z0-9]+", "a signing profile version")
            ]
        ],
        Field(min_length=1, max_length=20),
    ] = Field(description="ARNs of the signing profile versions whose signatures are accepted.")
    enforce: bool = Field(
        default=False,
        description="Whether code without such a signature is refused; else it is deployed and counted in a metric. "
        "Slipway does not sign packages, so this is for environments whose functions are images.",
    )


class Alarms(Model):
    """Alarms of the functions."""

    topic: Annotated[str, arn_shape("sns", "[A-Za-z0-9_.-]{1,256}", "an SNS topic")] = Field(
        description="ARN of the topic that alarms notify."
    )


class Override(Model):
    """What this environment sets differently for one function."""

    memory: Memory | None = Field(default=None, description="Memory in MB.")
    timeout: Timeout | None = Field(default=None, description="Seconds before a call is ended.")
    scale: Scale | None = Field(default=None, description="Number of instances; replaces the function's own.")
    environment: Variables = Field(default={}, description="Environment variables, added to the function's own.")
    enabled: bool = Field(default=True, description="Whether the function is deployed here.")


_KmsKey = Annotated[str, arn_shape("kms", "key/[A-Za-z0-9-]+", "a KMS key, not of an alias")]


class _Adopted(Model):
    """Something that the team runs already."""

    key: _KmsKey | None = Field(
        default=None, description="ARN of the customer's key that encrypts it; without it AWS owns the key."
    )


class QueueEntry(_Adopted):
    """A queue: made by the environment, or adopted by its ARN."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["create"]}, {"required": ["arn"]}]})

    create: Literal[True] | None = Field(default=None, description="The environment makes the queue.")
    fifo: bool = Field(default=False, description="Whether the queue that is made keeps the order of messages.")
    arn: Annotated[str, arn_shape("sqs", r"[A-Za-z0-9_-]{1,80}(?:\.fifo)?", "an SQS queue")] | None = Field(
        default=None, description="ARN of a queue that exists."
    )

    @model_validator(mode="before")
    @classmethod
    def _made_or_adopted(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.keys() - {"create", "fifo", "arn", "key"}:
            if ("create" in value) == ("arn" in value):
                raise mistake("create-or-adopt", "must have exactly one of create: true and arn")
            if "arn" in value and "fifo" in value:
                raise mistake("create-or-adopt", "has fifo beside arn", "remove fifo; the ARN ends with .fifo or not")
            if "create" in value and "key" in value:
                raise mistake("create-or-adopt", "has key beside create", "remove key; slipway:encryption is used")
        return value

    @property
    def is_fifo(self) -> bool:
        """Whether messages keep their order."""
        return self.fifo if self.arn is None else self.arn.endswith(".fifo")


class BucketEntry(_Adopted):
    """A bucket that exists."""

    arn: Annotated[str, arn_shape("s3", "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "an S3 bucket", region="", account="")] = (
        Field(description="ARN of the bucket.")
    )


class TableEntry(_Adopted):
    """A table that exists."""

    arn: Annotated[str, arn_shape("dynamodb", "table/[A-Za-z0-9_.-]{3,255}", "a DynamoDB table")] = Field(
        description="ARN of the table."
    )


class TopicEntry(_Adopted):
    """A topic that exists."""

    arn: Annotated[str, arn_shape("sns", r"[A-Za-z0-9_-]{1,256}(?:\.fifo)?", "an SNS topic")] = Field(
        description="ARN of the topic."
    )


class SecretEntry(_Adopted):
    """A secret that exists; never its value."""

    arn: Annotated[
        str, arn_shape("secretsmanager", "secret:[A-Za-z0-9/_+=.@-]{1,519}", "a Secrets Manager secret"), Private()
    ] = Field(description="ARN of the secret.")


class Resources(Model):
    """The catalogue: names that functions may use for what the team runs."""

    queue: dict[Name, QueueEntry] = Field(default={}, description="Queues.")
    bucket: dict[Name, BucketEntry] = Field(default={}, description="Buckets.")
    table: dict[Name, TableEntry] = Field(default={}, description="Tables.")
    topic: dict[Name, TopicEntry] = Field(default={}, description="Topics.")
    secret: dict[Name, SecretEntry] = Field(default={}, description="Secrets.")
