"""Where events are kept that no retry could deliver: one small service of the environment, with a volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import PersistentVolumeClaim, Service, ServiceAccount

from components.base import Component
from components.knative.labels import metadata
from components.knative.network import EVENTING, in_cluster, make_policy, namespace_peer, tcp
from components.knative.security_context import USER, container_security
from components.knative.site import DEAD_LETTERS, Site
from components.knative.sizes import bytes_of

_FOLDER = "/data"
_PORT = 8080
_READY = "/_slipway/ready"
_APP = {"app.kubernetes.io/name": DEAD_LETTERS}
_MINUTES_S = 180


def make_dead_letters(owner: Component, site: Site, depends_on: Sequence[pulumi.Resource]) -> pulumi.Resource:
    """Create the service: volume, account, deployment, address, and who may talk to it.

    Args:
        owner: The environment.
        site: Where it lies.
        depends_on: What must exist first.

    Returns:
        What must be there before events are delivered.
    """
    site.names.take("kubernetes", DEAD_LETTERS, "dead letters of the environment")
    settings = site.knative.dead_letters
    volume = owner.child(
        "dead-letters-volume",
        PersistentVolumeClaim,
        {
            "metadata": metadata(owner, DEAD_LETTERS, site.namespace),
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": settings.size}},
                **({"storageClassName": settings.storage_class} if settings.storage_class else {}),
            },
        },
        depends_on=depends_on,
        protect=site.args.protect or None,
    )
    account = owner.child(
        "dead-letters-account",
        ServiceAccount,
        {"metadata": metadata(owner, DEAD_LETTERS, site.namespace), "automount_service_account_token": False},
        depends_on=depends_on,
    )
    policy = make_policy(
        owner,
        site,
        "dead-letters-network",
        DEAD_LETTERS,
        {"matchLabels": _APP},
        # Brokers and channels deliver; `slipway list` and `slipway redrive` come through the API server.
        ingress=[{"from": [namespace_peer(EVENTING), namespace_peer("kube-system")], "ports": tcp(_PORT)}],
        # What is sent again goes to functions, which are behind the ingress.
        egress=[in_cluster(site.knative.ingress_namespace)],
        depends_on=depends_on,
    )
    owner.child(
        "dead-letters-address",
        Service,
        {
            "metadata": metadata(owner, DEAD_LETTERS, site.namespace),
            "spec": {"selector": _APP, "ports": [{"name": "http", "port": 80, "targetPort": _PORT}]},
        },
        depends_on=depends_on,
    )
    return owner.child(
        "dead-letters",
        Deployment,
        {
            "metadata": metadata(owner, DEAD_LETTERS, site.namespace, labels=_APP),
            "spec": {
                "replicas": 1,
                "strategy": {"type": "Recreate"},  # two writers never share the volume
                "selector": {"matchLabels": _APP},
                "template": {"metadata": {"labels": _APP}, "spec": _pod(site)},
            },
        },
        depends_on=[volume, account, policy],
        timeout_s=_MINUTES_S,
    )


def _pod(site: Site) -> dict[str, Any]:
    settings = site.knative.dead_letters
    ready = {"httpGet": {"path": _READY, "port": _PORT}}
    variables = {
        "PORT": str(_PORT),
        "SLIPWAY_DEAD_LETTERS_BYTES": str(bytes_of(settings.size) // 2),  # the file system needs some of the volume
        "SLIPWAY_DEAD_LETTERS_FOLDER": _FOLDER,
        "SLIPWAY_FUNCTION_URL": site.internal("{function}") + "/",
    }
    return {
        "serviceAccountName": DEAD_LETTERS,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"fsGroup": USER},  # so that it may write to the volume
        "containers": [
            {
                "name": "dead-letters",
                "image": settings.image,
                "env": [{"name": name, "value": value} for name, value in sorted(variables.items())],
                "ports": [{"name": "http", "containerPort": _PORT}],
                "securityContext": container_security(),
                "resources": {
                    "requests": {"cpu": "10m", "memory": "64Mi"},
                    "limits": {"cpu": "500m", "memory": "128Mi"},
                },
                "readinessProbe": ready,
                "startupProbe": {**ready, "periodSeconds": 1, "failureThreshold": 120},
                "volumeMounts": [{"name": "data", "mountPath": _FOLDER}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a folder of the container
            }
        ],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": DEAD_LETTERS}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
    }
