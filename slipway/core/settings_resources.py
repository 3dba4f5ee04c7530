"""The catalogue of an environment: names that functions may use for what the team runs."""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, model_validator

from slipway.core.egress import Egress
from slipway.core.fields import Model, Name, Private, mistake, only_known
from slipway.core.manifest import SecretRef
from slipway.core.settings_knative import ObjectName
from slipway.core.settings_parts import Address, KmsKey, arn_shape


class _Reached(Model):
    """Something that the team runs already, with what functions on Knative need to reach it."""

    address: Address | None = Field(
        default=None,
        description="Its address, for functions on Knative.",
        examples=["https://files.example.com/invoices"],
    )
    kubernetes: ObjectName | None = Field(
        default=None,
        description="Kubernetes Secret with the credentials for it, on Knative; each of its keys becomes a variable.",
    )
    egress: Annotated[list[Egress], Field(max_length=20)] = Field(
        default=[], description="Where it is, on Knative: functions that use it may connect there and nowhere else."
    )

    @model_validator(mode="after")
    def _needs_an_address(self) -> Self:
        extra = [name for name in ("kubernetes", "egress") if name in self.model_fields_set]
        if self.address is None and extra:
            raise mistake("unused-key", f"has {extra[0]} without address", "add the address that functions connect to")
        return self


class _Adopted(_Reached):
    """Something that holds data: by its ARN for Lambda, by its address for Knative, or by both."""

    key: KmsKey | None = Field(
        default=None, description="ARN of the customer's key that encrypts it; without it AWS owns the key."
    )


class _Placed(_Reached):
    """Something that only exists: no environment makes it."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["arn"]}, {"required": ["address"]}]})

    @model_validator(mode="before")
    @classmethod
    def _arn_or_address(cls, value: Any) -> Any:
        if only_known(cls, value) and not {"arn", "address"} & value.keys():
            raise mistake("no-place", "must have arn (for Lambda), address (for Knative) or both")
        return value


class _Existing(_Placed, _Adopted):
    """Something that holds data and only exists."""


class _Named(_Existing):
    """Something whose name is the last part of its address."""

    @model_validator(mode="after")
    def _address_with_a_name(self) -> Self:
        if self.address is not None and not urlsplit(self.address).path.strip("/"):
            raise mistake(
                "bad-address", "must have an address that ends with its name", "as https://files.example.com/invoices"
            )
        return self


class QueueEntry(_Adopted):
    """A queue: made by the environment, or adopted by its ARN (Lambda) or address (Knative)."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["create"]}, {"anyOf": [{"required": ["arn"]}, {"required": ["address"]}]}]
        }
    )
    create: Literal[True] | None = Field(default=None, description="The environment makes the queue.")
    fifo: bool = Field(default=False, description="Whether the queue that is made keeps the order of messages.")
    arn: Annotated[str, arn_shape("sqs", r"[A-Za-z0-9_-]{1,80}(?:\.fifo)?", "an SQS queue")] | None = Field(
        default=None, description="ARN of a queue that exists."
    )

    @model_validator(mode="before")
    @classmethod
    def _made_or_adopted(cls, value: Any) -> Any:
        if only_known(cls, value):
            adopted = [name for name in ("arn", "address") if name in value]
            if ("create" in value) == bool(adopted):
                raise mistake("create-or-adopt", "must have either create: true, or arn or address")
            if adopted and "fifo" in value:
                raise mistake(
                    "create-or-adopt", f"has fifo beside {adopted[0]}", "remove fifo; the ARN ends with .fifo or not"
                )
            if "create" in value and "key" in value:
                raise mistake("create-or-adopt", "has key beside create", "remove key; slipway:encryption is used")
        return value

    @property
    def is_fifo(self) -> bool:
        """Whether messages keep their order."""
        return self.fifo if self.arn is None else self.arn.endswith(".fifo")


class BucketEntry(_Named):
    """A bucket that exists. The last part of its address is its name."""

    arn: (
        Annotated[str, arn_shape("s3", "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "an S3 bucket", region="", account="")]
        | None
    ) = Field(default=None, description="ARN of the bucket, for functions on Lambda.")


class TableEntry(_Named):
    """A table that exists. The last part of its address is its name."""

    arn: Annotated[str, arn_shape("dynamodb", "table/[A-Za-z0-9_.-]{3,255}", "a DynamoDB table")] | None = Field(
        default=None, description="ARN of the table, for functions on Lambda."
    )


class TopicEntry(_Existing):
    """A topic that exists. Its address takes CloudEvents by POST."""

    arn: Annotated[str, arn_shape("sns", r"[A-Za-z0-9_-]{1,256}(?:\.fifo)?", "an SNS topic")] | None = Field(
        default=None, description="ARN of the topic, for functions on Lambda."
    )


class SecretEntry(Model):
    """A secret that exists; never its value."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["arn"]}, {"required": ["kubernetes"]}]})

    arn: (
        Annotated[
            str, arn_shape("secretsmanager", "secret:[A-Za-z0-9/_+=.@-]{1,519}", "a Secrets Manager secret"), Private()
        ]
        | None
    ) = Field(default=None, description="ARN of the secret, for functions on Lambda.")
    kubernetes: Annotated[ObjectName, Private()] | None = Field(
        default=None, description="Kubernetes Secret in the environment's namespace, for functions on Knative."
    )
    key: KmsKey | None = Field(
        default=None, description="ARN of the customer's key that encrypts it; without it AWS owns the key."
    )

    @model_validator(mode="before")
    @classmethod
    def _arn_or_kubernetes(cls, value: Any) -> Any:
        if only_known(cls, value) and not {"arn", "kubernetes"} & value.keys():
            raise mistake("no-place", "must have arn (for Lambda), kubernetes (for Knative) or both")
        return value


class KeyEntry(_Placed):
    """A key that exists. Its address is that of a service that keeps keys, such as Vault's `transit`."""

    arn: KmsKey | None = Field(default=None, description="ARN of the KMS key, for functions on Lambda.")


class ServiceEntry(Model):
    """Something that functions call over HTTP, on either target."""

    address: Address = Field(description="Its address.", examples=["https://billing.example.com"])
    secret: SecretRef | None = Field(
        default=None, description="Secret of the catalogue, with `/field`, that callers need: a token or a password."
    )
    egress: Annotated[list[Egress], Field(max_length=20)] = Field(
        default=[], description="Where it is, on Knative: functions that use it may connect there and nowhere else."
    )


class Resources(Model):
    """The catalogue: names that functions may use for what the team runs."""

    queue: dict[Name, QueueEntry] = Field(default={}, description="Queues.")
    bucket: dict[Name, BucketEntry] = Field(default={}, description="Buckets.")
    table: dict[Name, TableEntry] = Field(default={}, description="Tables.")
    topic: dict[Name, TopicEntry] = Field(default={}, description="Topics.")
    secret: dict[Name, SecretEntry] = Field(default={}, description="Secrets.")
    key: dict[Name, KeyEntry] = Field(default={}, description="Keys that functions encrypt or sign with themselves.")
    service: dict[Name, ServiceEntry] = Field(default={}, description="Services that functions call over HTTP.")
