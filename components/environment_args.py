"""Arguments of an environment: what operators decide once for all functions in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from components.base import Transform
from components.function.args import Cors, FunctionArgs
from components.knative_args import KnativeArgs
from components.log_sink.args import LogSinkArgs


@dataclasses.dataclass(frozen=True, kw_only=True)
class AwsArgs:
    """The AWS account that an environment lives in."""

    account: str
    """Account number, 12 digits; calls to any other account are refused."""
    region: str
    """Region, for example `eu-central-1`."""
    partition: str = "aws"
    """Partition of the account: `aws`, `aws-cn` or `aws-us-gov`."""
    endpoint: str | None = None
    """Address of all AWS services for an embedded AWS; None for the real one."""
    http_entry: str | None = None
    """Address at which an embedded AWS serves the deployed HTTP routes."""
    access_key: str | None = None
    """Access key of the embedded AWS only; real credentials come from the usual chain."""
    secret_key: str | None = None
    """Secret key of the embedded AWS only."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Egress:
    """Where the traffic to something outside the cluster goes."""

    cidr: str
    """Addresses, `10.0.0.0/8`."""
    ports: Sequence[int] = ()
    """TCP ports; none means all."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenIssuer:
    """Who issues the JWTs that routes with `auth: token` accept."""

    issuer: str
    """Address of the issuer, as in the `iss` claim."""
    audience: Sequence[str]
    """Accepted `aud` claims."""
    egress: Sequence[Egress] = ()
    """Where traffic to it goes, which functions on Knative may then reach; none means its public address."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """Something that functions may use: made by the environment, or adopted by its ARN or address."""

    kind: str
    """`queue`, `bucket`, `table`, `topic`, `secret`, `key` or `service`; `function` is for `serving` alone."""
    name: str
    """Name that functions use."""
    create: bool = False
    """Whether the environment makes it (queues only)."""
    arn: str | None = None
    """ARN of what exists already; None when the environment makes it."""
    fifo: bool = False
    """Whether a queue that the environment makes keeps the order of messages."""
    kms_key: str | None = None
    """ARN of the key that encrypts what exists already; None when AWS owns that key."""
    address: str | None = None
    """Address at which functions reach it, where no ARN tells."""
    kubernetes_secret: str | None = None
    """Name of an existing Kubernetes Secret in the namespace: the secret itself, or what opens the resource."""
    egress: Sequence[Egress] = ()
    """Where traffic to it goes, which a function on Knative may then reach."""
    made_on: str | None = None
    """Target on which a queue that it makes, or a function, lies; `serving` sets it, None means the environment's."""
    consumer_timeout_s: int | None = None
    """Longest timeout of the functions that take messages from a queue that the environment makes."""
    consumer_window_s: int = 0
    """Longest time for which those functions let a batch fill."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShipperArgs:
    """The package of the function that makes envelopes of what functions on Lambda log."""

    key: str
    """Key of the package in the packages bucket."""
    runtime: str
    """Runtime that it is made for, `python3.11`."""
    publish: Callable[[pulumi.Output[str]], pulumi.Input[str]] | None = None
    """Has the package lie in that bucket, whose name is given, and returns its key; None where it is there already."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EnvironmentArgs:
    """An environment as its operators describe it."""

    environment: str
    """Name of the environment, the stack's name."""
    target: str
    """Target of functions without one of their own: `lambda` or `knative`."""
    targets: Sequence[str] = ()
    """Targets that its functions use; `serving` sets them, none means `target` alone."""
    aws: AwsArgs | None = None
    """Account and region, for functions on Lambda."""
    knative: KnativeArgs | None = None
    """Cluster and namespace, for functions on Knative."""
    prefix: str = "slipway"
    """First part of every physical name."""
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Tags of every resource beside those that Slipway sets."""
    protect: bool = False
    """Whether what holds data is protected from deletion."""
    log_retention_days: int = 30
    """Days for which log groups keep events."""
    log_level: str = "INFO"
    """Lowest level of application logs that is kept: TRACE, DEBUG, INFO, WARN, ERROR, FATAL."""
    kms_key: str | None = None
    """ARN of the key for variables, logs and queues; None makes one."""
    permissions_boundary: str | None = None
    """ARN of the boundary of every role; None makes one."""
    access_log_bucket: str | None = None
    """Name of the bucket that takes the access logs of all buckets; None keeps none."""
    tokens: TokenIssuer | None = None
    """Issuer for routes with `auth: token`."""
    throttle_rate: float = 100.0
    """Requests a second of a route without bounds of its own."""
    throttle_burst: int = 200
    """Requests at once of a route without bounds of its own."""
    subnets: Sequence[str] = ()
    """Subnets of the functions; empty means no VPC."""
    security_groups: Sequence[str] = ()
    """Security groups of the functions in those subnets."""
    signing_profiles: Sequence[str] = ()
    """ARNs of signing profile versions; empty means code is not signed."""
    signing_enforced: bool = False
    """Whether Lambda refuses code without their signature; else it deploys such code and counts it in a metric."""
    alarm_topic: str | None = None
    """ARN of the topic that alarms notify; None makes alarms without a receiver."""
    catalogue: Sequence[CatalogueEntry] = ()
    """What functions may use."""
    sinks: Sequence[LogSinkArgs] = ()
    """Log sinks: central stores that logs of functions are forwarded to."""
    shipper: ShipperArgs | None = None
    """What makes envelopes of what functions on Lambda log; needed where such a function has a sink."""
    shipped: Sequence[str] = ()
    """Names of the sinks that functions on Lambda use; `serving` sets them."""
    knative_sinks: Mapping[str, Sequence[str] | None] = dataclasses.field(default_factory=dict)
    """Sinks that functions on Knative use to names of these functions, None for all of them; `serving` sets them."""
    public_http: bool = False
    """Whether functions on Lambda need a public entry; `serving` sets it."""
    knative_bus: bool = False
    """Whether functions on Knative need a broker; `serving` sets it."""
    knative_events: bool = False
    """Whether functions on Knative take events, whose dead letters are kept; `serving` sets it."""
    cors: Cors | None = None
    """Cross-origin rules of the public entry; `serving` sets them."""
    transforms: Mapping[str, Transform] = dataclasses.field(default_factory=dict)
    """Escape hatch: part of the environment to a pure function of its arguments and options."""

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> EnvironmentArgs:
        """Arguments from JSON-like values whose keys are the names of these fields.

        Raises:
            TypeError: A key is not a field, or a field without a default is missing.
        """
        values = dict(spec)
        if values.get("aws") is not None:
            values["aws"] = AwsArgs(**values["aws"])
        if values.get("knative") is not None:
            values["knative"] = KnativeArgs.from_spec(values["knative"])
        if values.get("tokens") is not None:
            values["tokens"] = TokenIssuer(**_with_egress(values["tokens"]))
        if values.get("shipper") is not None:
            values["shipper"] = ShipperArgs(**values["shipper"])
        values["catalogue"] = tuple(_entry(item) for item in values.get("catalogue", ()))
        values["sinks"] = tuple(LogSinkArgs.from_spec(item) for item in values.get("sinks", ()))
        return cls(**values)

    def serving(self, functions: Mapping[str, FunctionArgs]) -> EnvironmentArgs:
        """The same environment, with what only its functions tell: targets, public entry, broker, timeouts.

        Args:
            functions: All functions of the environment, by name.

        Raises:
            InputError: Functions ask for what cannot be had together; see `components.serving`.
        """
        from components.serving import serving  # noqa: PLC0415 - it works on these arguments

        return serving(self, functions)


def _entry(item: Mapping[str, Any]) -> CatalogueEntry:
    return CatalogueEntry(**_with_egress(item))


def _with_egress(item: Mapping[str, Any]) -> dict[str, Any]:
    return {**item, "egress": tuple(Egress(**rule) for rule in item.get("egress", ()))}
