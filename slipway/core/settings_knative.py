"""Sections of an environment's settings that describe Knative: cluster, images, eventing."""

import dataclasses
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from slipway.core.fields import Bounds, ImageRef, Model, Shape, Size, mistake

EMBEDDED_CONTEXT = "slipway"
"""Name of the embedded cluster's context in its own kubeconfig."""

EMBEDDED_HOST = "127.0.0.1"
"""The only address at which the embedded cluster is reached."""

EMBEDDED_NODE = "10.250.0.1"
"""Address of the embedded cluster's node, as pods reach it."""

EMBEDDED_LOKI_PORT = 3100
"""Port of the embedded Loki there; on this machine it is `lokiPort` of `slipway:cluster`."""

EMBEDDED_RUNTIME = "python3.11"
"""The runtime whose base image the embedded cluster makes itself, of Debian's packages."""

_EMBEDDED_DOMAIN = "localhost"
_PYTHON_BASE = Literal["python3.11", "python3.12", "python3.13"]

# Kubernetes, "Object names and IDs": a label of RFC 1123; 63 characters at most.
LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_OWN_NAMESPACES = frozenset({"default", "kourier-system", "istio-system"})
_OWN_NAMESPACE_PREFIXES = ("kube-", "knative-")


def is_reserved(namespace: str) -> bool:
    """Whether a namespace belongs to the cluster itself."""
    return namespace in _OWN_NAMESPACES or namespace.startswith(_OWN_NAMESPACE_PREFIXES)


def _check_namespace(namespace: str) -> str:
    if is_reserved(namespace):
        raise mistake(
            "reserved-namespace",
            f"must not be a namespace of the cluster itself, found {namespace!r}",
            "its own namespace is what keeps an environment apart; leave it out for <prefix>-<environment>",
        )
    return namespace


Namespace = Annotated[
    str,
    Shape(LABEL, "1-63 lower-case letters, digits and hyphens, with no hyphen first or last"),
    AfterValidator(_check_namespace),
]

# DNS names: 253 characters at most. 63 of them and two dots are left to the function, 63 to the namespace.
Domain = Annotated[
    str,
    Shape(rf"{LABEL}(?:\.{LABEL})*", "a DNS name such as functions.example.com, without scheme, port or path"),
    Field(max_length=125),
]

Host = Annotated[
    str,
    Shape(rf"{LABEL}(?:\.{LABEL})+", "a DNS name such as orders.example.com, without scheme, port or path"),
    Field(max_length=253),
]

# OCI distribution specification: names of repositories; the host may have a port.
Registry = Annotated[
    str,
    Shape(
        r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*",
        "a registry with a path, such as registry.example.com/team/functions, without scheme, tag or digest",
    ),
    Field(max_length=200),
]

ApiVersion = Annotated[
    str, Shape(rf"(?:{LABEL}(?:\.{LABEL})*/)?v[0-9]+(?:(?:alpha|beta)[0-9]+)?", "group/version, for example v1")
]
Kind = Annotated[str, Shape("[A-Z][A-Za-z0-9]{0,62}", "a kind in Kubernetes' spelling, for example ConfigMap")]
ObjectName = Annotated[str, Shape(rf"{LABEL}(?:\.{LABEL})*", "the name of a Kubernetes object"), Field(max_length=253)]

_Port = Annotated[int, Bounds(1024, 65535, "(a port that needs no privilege)")]


class Cluster(Model):
    """The embedded cluster that runs on this machine; `slipway cluster up` starts it."""

    api_port: _Port = Field(default=4612, description="Port of the Kubernetes API on loopback.")
    http_port: _Port = Field(default=4613, description="Port of the HTTP entry on loopback.")
    registry_port: _Port = Field(default=4614, description="Port of the image registry on loopback.")
    loki_port: _Port = Field(default=4615, description="Port of the log store on loopback.")

    @model_validator(mode="after")
    def _each_its_own(self) -> Self:
        if len({self.api_port, self.http_port, self.registry_port, self.loki_port}) < len(type(self).model_fields):
            raise mistake("repeated-value", "has a port twice", "give each its own")
        return self


class Images(Model):
    """Images that functions are built on."""

    base: dict[_PYTHON_BASE, ImageRef] = Field(
        default={},
        description="Runtime to the image, with digest, that functions with it start from; the embedded cluster brings "
        "that of python3.11 itself.",
        examples=[{"python3.11": "registry.example.com/base/python@sha256:" + "0" * 64}],
    )
    collector: ImageRef | None = Field(
        default=None,
        description="Image of the log agent, with digest; needed where a function has a log sink, but the embedded "
        "cluster brings it itself.",
        examples=["registry.example.com/slipway/log-agent@sha256:" + "0" * 64],
    )


class BrokerConfig(Model):
    """The object that configures a broker of its class."""

    api_version: ApiVersion = Field(description="Its API version.", examples=["v1"])
    kind: Kind = Field(description="Its kind.", examples=["ConfigMap", "RabbitmqBrokerConfig"])
    name: ObjectName = Field(description="Its name.", examples=["kafka-broker-config"])
    namespace: Annotated[str, Shape(LABEL, "the name of a namespace")] | None = Field(
        default=None, description="Its namespace; without it, that of the environment."
    )


class Broker(Model):
    """The broker of the environment's events."""

    class_: Annotated[str, Shape("[A-Za-z][A-Za-z0-9]{0,62}", "a class such as Kafka or RabbitMQBroker")] | None = (
        Field(
            default=None,
            alias="class",
            description="Class of the broker; without it, the cluster's own default.",
            examples=["Kafka", "RabbitMQBroker", "MTChannelBasedBroker"],
        )
    )
    config: BrokerConfig | None = Field(
        default=None, description="What configures it; without it, the class's default."
    )


class Channel(Model):
    """The kind of channel that queues are made of."""

    api_version: ApiVersion = Field(default="messaging.knative.dev/v1", description="Its API version.")
    kind: Kind = Field(default="InMemoryChannel", description="Its kind.", examples=["KafkaChannel", "InMemoryChannel"])
    spec: dict[str, JsonValue] = Field(
        default={}, description="Its own settings.", examples=[{"numPartitions": 3, "replicationFactor": 3}]
    )


class DeadLetters(Model):
    """Where events are kept that no retry could deliver."""

    storage_class: ObjectName | None = Field(
        default=None, description="Storage class of the volume; without it, the cluster's default."
    )
    size: Size = Field(default="1Gi", description="Size of the volume.")


class Retry(Model):
    """How often, and after which pause, an event is delivered again."""

    attempts: Annotated[int, Bounds(1, 20, "attempts")] = Field(
        default=5, description="Further attempts before an event becomes a dead letter."
    )
    backoff: Annotated[
        str, Shape(r"PT(?:[0-9]{1,4}(?:\.[0-9]{1,3})?S|[0-9]{1,3}M)", "a duration such as PT0.5S, PT1S or PT2M")
    ] = Field(default="PT1S", description="Pause before the first one (ISO 8601); it doubles each time.")


class Eventing(Model):
    """Events on Knative."""

    broker: Broker = Field(default=Broker(), description="The broker of the environment's events.")
    channel: Channel = Field(default=Channel(), description="The kind of channel that queues are made of.")
    dead_letters: DeadLetters = Field(
        default=DeadLetters(), description="Where events are kept that no retry could deliver."
    )
    retry: Retry = Field(default=Retry(), description="How often, and after which pause, an event is delivered again.")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Knative:
    """The Knative half of an environment, with all defaults in place.

    Attributes:
        context: Context of the user's kubeconfig; None for the embedded cluster.
        cluster: Ports of the embedded cluster; None for any other.
        namespace: Namespace of the environment.
        registry: Where images of functions are pushed to, without a slash at the end.
        domain: Knative's domain: public functions are at `<function>.<namespace>.<domain>`.
        tls: Whether the public entry answers https.
        port: Port of the public entry in addresses; None for that of the scheme.
        base: Runtime to the image with digest that functions with it start from, as far as the settings say.
        collector: Image of the log agent, with digest; None for that of the embedded cluster.
        eventing: Broker, channels, dead letters and retries.
    """

    context: str | None
    cluster: Cluster | None
    namespace: str
    registry: str
    domain: str
    tls: bool
    port: int | None
    base: dict[_PYTHON_BASE, str]
    collector: str | None
    eventing: Eventing

    @property
    def scheme(self) -> str:
        """Scheme of public addresses."""
        return "https" if self.tls else "http"

    @property
    def embedded(self) -> bool:
        """Whether it is the cluster that Slipway itself runs on this machine."""
        return self.cluster is not None

    @property
    def entry(self) -> str | None:
        """Address that calls connect to, whatever host they name; None where the host's own address is right."""
        return f"http://{EMBEDDED_HOST}:{self.cluster.http_port}" if self.cluster else None

    @property
    def log_store(self) -> str | None:
        """Address of the embedded Loki on this machine; None for any other cluster."""
        return f"http://{EMBEDDED_HOST}:{self.cluster.loki_port}" if self.cluster else None

    @property
    def log_store_inside(self) -> str | None:
        """Address of the embedded Loki as pods reach it; None for any other cluster."""
        return f"http://{EMBEDDED_NODE}:{EMBEDDED_LOKI_PORT}" if self.cluster else None

    def host(self, function: str) -> str:
        """Host name of a public function."""
        return f"{function}.{self.namespace}.{self.domain}"

    def url(self, function: str) -> str:
        """Public address of a function, without a path."""
        return f"{self.scheme}://{self.host(function)}" + (f":{self.port}" if self.port else "")

    def internal_url(self, function: str) -> str:
        """Address of a function inside the cluster, without a path."""
        return f"http://{function}.{self.namespace}.svc.cluster.local"


def embedded_domain(domain: str | None) -> str:
    """Domain of the embedded cluster: names below `localhost` lead to this machine without any DNS."""
    return domain or _EMBEDDED_DOMAIN
