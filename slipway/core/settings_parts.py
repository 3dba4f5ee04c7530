"""Sections of an environment's settings."""

import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from slipway.core.egress import Egress
from slipway.core.fields import (
    Bounds,
    LogLevel,
    Memory,
    Model,
    Private,
    Scale,
    Shape,
    Target,
    Throttle,
    Timeout,
    mistake,
)
from slipway.core.manifest import Variables
from slipway.core.settings_knative import Host

_IN_CLUSTER = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+\.svc(?:\.cluster\.local)?")
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


def is_in_cluster(address: str) -> bool:
    """Whether an address is a Service of the cluster itself, which is reached by the name of its namespace."""
    try:
        return _IN_CLUSTER.fullmatch(urlsplit(address).hostname or "") is not None
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


Region = Annotated[
    str,
    Shape(
        "(?:af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-(?:north|south|east|west|central|northeast|northwest|southeast"
        "|southwest)-[1-9]",
        "a region such as eu-central-1",
    ),
]
"""A region of AWS."""


class Aws(Model):
    """The AWS account of an environment."""

    account: Annotated[str, Shape("[0-9]{12}", "12 digits in quotes")] = Field(
        description="Account number, 12 digits in quotes; calls to any other account are refused.",
        examples=["123456789012"],
    )
    region: Region = Field(description="Region.", examples=["eu-central-1"])
    partition: Literal["aws", "aws-cn", "aws-us-gov"] | None = Field(
        default=None, description="Partition; without it, the one that the region is in."
    )
    # Amazon CloudWatch Logs quotas: subscription filters of a log group.
    subscription_filters: Annotated[int, Bounds(1, 20, "filters")] = Field(
        default=2, description="Subscription filters that the account allows for a log group: one for each sink."
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
    level: LogLevel = Field(default="INFO", description="Lowest level of application logs that is kept.")


KmsKey = Annotated[str, arn_shape("kms", "key/[A-Za-z0-9-]+", "a KMS key, not of an alias")]


class Encryption(Model):
    """Encryption at rest."""

    key: KmsKey = Field(description="ARN of the key for variables, logs and queues.")


class Tokens(Model):
    """Who issues the JWTs that routes with `auth: token` accept."""

    issuer: Address = Field(
        description="Address of the issuer, as in the `iss` claim.", examples=["https://login.example.com"]
    )
    audience: Annotated[
        list[Annotated[str, Shape("[!-~]{1,256}", "visible ASCII characters")]], Field(min_length=1)
    ] = Field(description="Accepted `aud` claims.", examples=[["orders"]])
    egress: Annotated[list[Egress], Field(max_length=20)] = Field(
        default=[],
        description="Where the issuer is, for functions on Knative, when it has no public address.",
    )


class Http(Model):
    """The public HTTP entry."""

    tokens: Tokens | None = Field(default=None, description="Issuer for routes with `auth: token`.")
    throttle: Throttle = Field(
        default=Throttle(rate=100, burst=200),
        description="Bounds of routes without bounds of their own; on Lambda only.",
    )
    tls: bool | None = Field(
        default=None,
        description="Whether Knative's public entry answers https; without it, `true` but for the embedded cluster.",
    )
    port: Annotated[int, Bounds(1, 65535)] | None = Field(
        default=None, description="Port of Knative's public entry, where it is not that of the scheme."
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
    target: Target | None = Field(
        default=None, description="Where it runs here; wins over the function's own and the environment's."
    )
    hosts: Annotated[list[Host], Field(max_length=20)] = Field(
        default=[],
        description="Public host names of its own, on Knative (DomainMapping); DNS leads them to the public entry.",
        examples=[["orders.example.com"]],
    )
    enabled: bool = Field(default=True, description="Whether the function is deployed here.")
