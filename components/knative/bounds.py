"""How much pods of an environment may take: together, and each container that does not say it itself."""

from __future__ import annotations

from collections.abc import Sequence

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


def make_bounds(owner: Component, site: Site, depends_on: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
    """Create the quota of the namespace and the bounds of its containers.

    Args:
        owner: The environment.
        site: Where it lies.
        depends_on: What must exist first.
    """
    quota = site.knative.quota
    hard = {
        "limits.memory": quota.memory,
        "pods": str(quota.pods),
        "requests.cpu": str(quota.cpu),
        "requests.storage": quota.storage,
        # Functions are reached through the ingress alone: no port of a node and no balancer leads past it.
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }
    limit = {"type": "Container", "default": _LIMIT, "defaultRequest": _REQUEST, "max": _LARGEST}
    return [
        owner.child(
            "quota",
            ResourceQuota,
            {"metadata": metadata(owner, NAME, site.namespace), "spec": {"hard": hard}},
            depends_on=depends_on,
        ),
        owner.child(
            "limits",
            LimitRange,
            {"metadata": metadata(owner, NAME, site.namespace), "spec": {"limits": [limit]}},
            depends_on=depends_on,
        ),
    ]
