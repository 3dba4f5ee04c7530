"""Where an environment lies and what its things are called."""

from __future__ import annotations

import dataclasses

from components.environment_args import EnvironmentArgs
from components.knative_args import KnativeArgs
from components.names import Names

CLUSTER_DOMAIN = "svc.cluster.local"
DEAD_LETTERS = "slipway-dead-letters"
BROKER = "default"  # the one that tools of Knative look for


@dataclasses.dataclass(frozen=True, slots=True)
class Site:
    """What every part of an environment is made from.

    Attributes:
        args: The environment as its operators describe it.
        knative: Its cluster and namespace.
        names: Names that are taken in the namespace.
    """

    args: EnvironmentArgs
    knative: KnativeArgs
    names: Names

    @classmethod
    def of(cls, args: EnvironmentArgs, knative: KnativeArgs) -> Site:
        """The site that these arguments describe."""
        return cls(args, knative, Names(args.prefix, args.environment))

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.knative.namespace

    def internal(self, service: str) -> str:
        """Address of a Service inside the cluster, without a path."""
        return f"http://{service}.{self.namespace}.{CLUSTER_DOMAIN}"

    def public(self, function: str) -> str:
        """Address of a public function, without a path."""
        port = f":{self.knative.port}" if self.knative.port else ""
        return f"{self.knative.scheme}://{function}.{self.namespace}.{self.knative.domain}{port}"
