"""Arguments of the Knative half of an environment."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi


@dataclasses.dataclass(frozen=True, kw_only=True)
class BrokerConfig:
    """The object that configures a broker."""

    api_version: str
    """Its API version."""
    kind: str
    """Its kind."""
    name: str
    """Its name."""
    namespace: str | None = None
    """Its namespace; None takes the environment's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Channel:
    """The kind of channel that queues are made of."""

    api_version: str = "messaging.knative.dev/v1"
    """Its API version."""
    kind: str = "InMemoryChannel"
    """Its kind."""
    spec: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Its own settings."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeadLetters:
    """Where events are kept that no retry could deliver."""

    image: pulumi.Input[str] | None = None
    """Image with digest of the service that keeps them; needed as soon as a function takes events."""
    storage_class: str | None = None
    """Storage class of its volume; None takes the cluster's default."""
    size: str = "1Gi"
    """Size of its volume."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quota:
    """What all pods of an environment may take together."""

    cpu: int = 20
    """Processors that they may reserve; a function reserves a tenth of what it may use."""
    memory: str = "64Gi"
    """Memory that they may use."""
    pods: int = 200
    """Pods."""
    storage: str = "20Gi"
    """Storage of volumes; dead letters have one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subjects:
    """Who a role is given to."""

    users: Sequence[str] = ()
    """Users, as the cluster calls them."""
    groups: Sequence[str] = ()
    """Groups, as the cluster calls them."""
    service_accounts: Sequence[str] = ()
    """Service accounts, `namespace/name`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class KnativeArgs:
    """The cluster and the namespace that an environment lives in."""

    namespace: str
    """Namespace; the environment makes it and is alone in it."""
    domain: str
    """Domain of Knative: a public function answers at `{function}.{namespace}.{domain}`."""
    registry: str = ""
    """Where images of functions lie; images of containers may lie elsewhere."""
    context: str | None = None
    """Context of the kubeconfig; None takes its current one."""
    kubeconfig: str | None = None
    """Path or text of a kubeconfig; None takes the user's own (`KUBECONFIG`, else `~/.kube/config`)."""
    cluster_identifier: str | None = None
    """What tells this cluster from others: another value makes everything anew; None derives it from the context."""
    scheme: str = "https"
    """Scheme of public addresses."""
    port: int | None = None
    """Port in public addresses; None is that of the scheme."""
    broker_class: str | None = None
    """Class of the broker; None takes the cluster's default."""
    broker_config: BrokerConfig | None = None
    """What configures the broker; None takes the default of its class."""
    channel: Channel = dataclasses.field(default_factory=Channel)
    """What queues are made of."""
    dead_letters: DeadLetters = dataclasses.field(default_factory=DeadLetters)
    """Where events are kept that no retry could deliver."""
    log_agent: pulumi.Input[str] | None = None
    """Image with digest of the log agent; needed as soon as a function has a log sink."""
    retry_attempts: int = 5
    """Further attempts before an event becomes a dead letter."""
    retry_backoff: str = "PT1S"
    """Pause before the first of them (ISO 8601); it doubles each time."""
    ingress_namespace: str = "kourier-system"
    """Namespace of the ingress that Knative uses."""
    quota: Quota = dataclasses.field(default_factory=Quota)
    """What all pods may take together."""
    developers: Subjects = dataclasses.field(default_factory=Subjects)
    """Who may look at functions and read their logs."""
    deployers: Subjects = dataclasses.field(default_factory=Subjects)
    """Who may deploy functions."""
    previewers: Subjects = dataclasses.field(default_factory=Subjects)
    """Who may read what a preview compares with."""
    admission: bool = True
    """Whether the cluster itself refuses what breaks rules; it needs Kubernetes 1.30."""
    levels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Levels of single rules there, by their ids: `mandatory`, `advisory` or `disabled`."""

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> KnativeArgs:
        """Arguments from JSON-like values whose keys are the names of these fields.

        Raises:
            TypeError: A key is not a field, or a field without a default is missing.
        """
        values = dict(spec)
        for name, kind in _PARTS.items():
            if values.get(name) is not None:
                values[name] = kind(**values[name])
            else:
                values.pop(name, None)
        return cls(**values)


def _subjects(**names: Sequence[str]) -> Subjects:
    return Subjects(**{kind: tuple(listed) for kind, listed in names.items()})


_PARTS: Mapping[str, Callable[..., Any]] = {
    "broker_config": BrokerConfig,
    "channel": Channel,
    "dead_letters": DeadLetters,
    "quota": Quota,
    "developers": _subjects,
    "deployers": _subjects,
    "previewers": _subjects,
}
