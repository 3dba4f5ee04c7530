"""The log agent of an environment: a namespace of its own, and in it one collector on each node."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import DaemonSet
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, ServiceAccount
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from components.base import Component
from components.knative.admission.policies import make_admission, of_agents
from components.knative.agent.collector import FEATURES, HEALTH_PORT, METRICS_PORT, PODS, STATE, Place, Routed, render
from components.knative.agent.network import make_guards
from components.knative.agent.stores import KINDS, secrets_of
from components.knative.bounds import make_bounds
from components.knative.labels import metadata
from components.knative.resources import Resource
from components.knative.site import Site
from components.names import fit

NAME = "slipway-logs"
_APP = {"app.kubernetes.io/name": NAME}
_CONFIG = "/etc/slipway"
_FILE = "agent.yaml"
_LIMIT_MI = 512
_DIGITS = 10
_MINUTES_S = 300
_READ = ["get", "list", "watch"]
# As many pods as there are nodes, of one kind, and nothing beside them.
_NOTHING_ELSE = {
    "count/cronjobs.batch": "0",
    "count/deployments.apps": "0",
    "count/jobs.batch": "0",
    "count/statefulsets.apps": "0",
    "persistentvolumeclaims": "0",
    "services": "0",
}


def sinks_of(site: Site) -> list[Routed]:
    """The sinks that functions on Knative use, with whose logs go there."""
    used = site.args.knative_sinks
    return [Routed(args=sink, functions=used[sink.name]) for sink in site.args.sinks if sink.name in used]


def mistakes(site: Site, who: str) -> list[str]:
    """What of the sinks the agent cannot serve.

    Args:
        site: The environment.
        who: The environment, as messages call it.
    """
    sinks = [routed.args for routed in sinks_of(site)]
    found = [
        f"{who}: sink {sink.name!r} is of kind {sink.kind!r}, which the agent on Knative does not serve; "
        f"use one of {', '.join(KINDS)}"
        for sink in sinks
        if sink.kind not in KINDS
    ]
    found += [
        f"{who}: sink {sink.name!r} makes its bucket, which a cluster cannot; give bucket"
        for sink in sinks
        if sink.kind == "s3" and not sink.bucket
    ]
    found += [
        f"{who}: sink {sink.name!r} has no address; set it"
        for sink in sinks
        if sink.kind in {"loki", "otlp", "opensearch"} and not sink.address
    ]
    keys = sorted({sink.secret or "none" for sink in sinks if sink.kind == "s3"})
    if len(keys) > 1:
        found.append(
            f"{who}: sinks on S3 have different secrets ({', '.join(keys)}), but the agent has one set of keys; "
            "give them the same secret"
        )
    if sinks and site.knative.log_agent is None:
        found.append(f"{who}: functions on Knative have log sinks but log_agent has no image; set it")
    return found


def make_agent(
    owner: Component, site: Site, resources: Mapping[tuple[str, str], Resource], depends_on: Sequence[pulumi.Resource]
) -> list[pulumi.Resource]:
    """Create the agent: namespace, who may talk to whom, account and roles, configuration, and the pods themselves.

    Args:
        owner: The environment.
        site: Where it lies.
        resources: The catalogue, in which the secrets of stores are.
        depends_on: What must exist first.

    Returns:
        What must run before the first function writes a line; nothing where no function has a sink.
    """
    sinks = sinks_of(site)
    if not sinks:
        return []
    home = fit("kubernetes", site.namespace, suffix="-logs")
    namespace = owner.child(
        "logs-namespace",
        Namespace,
        # Logs of pods lie in a folder of the node, which only this level lets a pod see. Nothing else runs here.
        {"metadata": metadata(owner, home, labels={"pod-security.kubernetes.io/enforce": "privileged"})},
    )
    guards = [
        *make_guards(owner, home, [routed.args for routed in sinks], [namespace]),
        *make_bounds(owner, home, _NOTHING_ELSE, [namespace], prefix="logs-"),
        *make_admission(owner, site, home, of_agents(f"{STATE}/{home}"), [namespace], prefix="logs-"),
    ]
    account = owner.child("logs-account", ServiceAccount, {"metadata": metadata(owner, NAME, home)}, depends_on=guards)
    roles = _roles(owner, site, home, [*guards, *depends_on])
    text = render(Place(environment=site.args.environment, namespace=site.namespace, home=home), sinks)
    # Another configuration is another object: pods that have yet to be replaced keep theirs.
    named = f"{NAME}-{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}"
    config = owner.child(
        "logs-config",
        ConfigMap,
        {"metadata": metadata(owner, named, home), "data": {_FILE: text}, "immutable": True},
        depends_on=guards,
    )
    agent = owner.child(
        "logs",
        DaemonSet,
        {
            "metadata": metadata(owner, NAME, home, labels=_APP),
            "spec": {
                "selector": {"matchLabels": _APP},
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%"}},
                "template": {
                    "metadata": {
                        "labels": _APP,
                        "annotations": {
                            "prometheus.io/scrape": "true",
                            "prometheus.io/port": str(METRICS_PORT),
                        },
                    },
                    "spec": _pod(site, home, sinks, resources, named),
                },
            },
        },
        depends_on=[account, *roles, config],
        timeout_s=_MINUTES_S,
    )
    return [agent]


def _roles(owner: Component, site: Site, home: str, depends_on: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
    rules = {
        ("logs-reader", site.namespace): [{"apiGroups": [""], "resources": ["events", "pods"], "verbs": _READ}],
        # Of all agents one watches events; which one, they agree on by this.
        ("logs-leader", home): [
            {
                "apiGroups": ["coordination.k8s.io"],
                "resources": ["leases"],
                "verbs": ["create", "get", "list", "update", "watch"],
            }
        ],
    }
    found: list[pulumi.Resource] = []
    for (part, namespace), rule in rules.items():
        role = owner.child(
            part, Role, {"metadata": metadata(owner, NAME, namespace), "rules": rule}, depends_on=depends_on
        )
        found.append(
            owner.child(
                f"{part}-binding",
                RoleBinding,
                {
                    "metadata": metadata(owner, NAME, namespace),
                    "role_ref": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME},
                    "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": home}],
                },
                depends_on=[role],
            )
        )
    return found


def _pod(
    site: Site, home: str, sinks: Sequence[Routed], resources: Mapping[tuple[str, str], Resource], config: str
) -> dict[str, Any]:
    well = {"httpGet": {"path": "/", "port": HEALTH_PORT}}
    return {
        "serviceAccountName": NAME,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "tolerations": [{"operator": "Exists"}],
        "containers": [
            {
                "name": "agent",
                "image": site.knative.log_agent,
                "args": [f"--config={_CONFIG}/{_FILE}", f"--feature-gates={FEATURES}"],
                "env": _variables(sinks, resources),
                "ports": [
                    {"name": "health", "containerPort": HEALTH_PORT},
                    {"name": "metrics", "containerPort": METRICS_PORT},
                ],
                # Root, to whom files of logs belong, without a single right of root beyond that.
                "securityContext": {
                    "runAsUser": 0,
                    "runAsGroup": 0,
                    "runAsNonRoot": False,
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "resources": {
                    "requests": {"cpu": "50m", "memory": "128Mi"},
                    "limits": {"cpu": "2", "memory": f"{_LIMIT_MI}Mi"},
                },
                "startupProbe": {**well, "periodSeconds": 1, "failureThreshold": 120},
                "readinessProbe": well,
                "livenessProbe": {**well, "periodSeconds": 30, "failureThreshold": 4},
                "volumeMounts": [
                    {"name": "config", "mountPath": _CONFIG, "readOnly": True},
                    {"name": "pods", "mountPath": PODS, "readOnly": True},
                    {"name": "state", "mountPath": STATE},
                ],
            }
        ],
        "volumes": [
            {"name": "config", "configMap": {"name": config}},
            {"name": "pods", "hostPath": {"path": PODS, "type": "Directory"}},
            {"name": "state", "hostPath": {"path": f"{STATE}/{home}", "type": "DirectoryOrCreate"}},
        ],
    }


def _variables(sinks: Sequence[Routed], resources: Mapping[tuple[str, str], Resource]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {
        "GOMEMLIMIT": {"value": f"{_LIMIT_MI * 4 // 5}MiB"},
        "NODE_NAME": {"valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        "POD_IP": {"valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    }
    for secret in (secret for routed in sinks for secret in secrets_of(routed.args)):
        name = resources["secret", secret.secret].secret
        found[secret.variable] = {"valueFrom": {"secretKeyRef": {"name": name, "key": secret.field}}}
    return [{"name": name, **value} for name, value in sorted(found.items())]
