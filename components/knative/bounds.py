"""How much pods of an environment may take: together, and each container that does not say it itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, ResourceQuota

from components.base import Component
from components.knative.labels import metadata
from components.knative.site import Site

NAME = "slipway"

# Every container of Slipway's own says what it takes; Knative's proxy beside a function says less, and gets this.
_LIMIT = {"cpu": "1", "memory": "256Mi"}
_REQUEST = {"cpu": "25m", "memory": "64Mi"}
_LARGEST = {"cpu": "8", "memory": "10Gi"}  # the largest function, 10240 MB, with its share of a processor


def quota_of(site: Site) -> Mapping[str, str]:
    """What all pods of functions may take together."""
    quota = site.knative.quota
    return {
        "limits.memory": quota.memory,
        "pods": str(quota.pods),
        "requests.cpu": str(quota.cpu),
        "requests.storage": quota.storage,
        # Functions are reached through the ingress alone: no port of a node and no balancer leads past it.
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }


def make_bounds(
    owner: Component,
    namespace: str,
    hard: Mapping[str, str],
    depends_on: Sequence[pulumi.Resource],
    *,
    prefix: str = "",
) -> list[pulumi.Resource]:
    """Create the quota of a namespace and the bounds of its containers.

    Args:
        owner: The environment.
        namespace: The namespace.
        hard: The quota.
        depends_on: What must exist first.
        prefix: What their parts' names start with.
    """
    limit = {"type": "Container", "default": _LIMIT, "defaultRequest": _REQUEST, "max": _LARGEST}
    return [
        owner.child(
            f"{prefix}quota",
            ResourceQuota,
            {"metadata": metadata(owner, NAME, namespace), "spec": {"hard": dict(hard)}},
            depends_on=depends_on,
        ),
        owner.child(
            f"{prefix}limits",
            LimitRange,
            {"metadata": metadata(owner, NAME, namespace), "spec": {"limits": [limit]}},
            depends_on=depends_on,
        ),
    ]
