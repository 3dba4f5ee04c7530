"""Who may talk to whom in a namespace: nothing that is not said here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.base import Component
from components.environment_args import Egress
from components.knative.labels import FUNCTION, metadata
from components.knative.site import Site

SERVING = "knative-serving"
EVENTING = "knative-eventing"
_DNS_NAMESPACE = "kube-system"
_DNS_PORT = 53
_DNS_ON_NODE = "169.254.20.10/32"  # where NodeLocal DNSCache listens, on each node
_QUEUE_PROXY = (8012, 8013, 8112, 9090, 9091)  # requests (HTTP/1, HTTP/2, TLS) and metrics for the autoscaler
_EVERYWHERE = ("0.0.0.0/0", "::/0")

Rule = dict[str, Any]


def namespace_peer(name: str, pods: Mapping[str, str] | None = None) -> Rule:
    """All pods of a namespace, or those with these labels."""
    peer: Rule = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
    return peer | {"podSelector": {"matchLabels": dict(pods)}} if pods else peer


def tcp(*ports: int) -> list[Rule]:
    """TCP ports as a rule takes them."""
    return [{"port": port, "protocol": "TCP"} for port in ports]


def egress_rule(target: Egress) -> Rule:
    """Traffic to addresses outside the cluster."""
    rule: Rule = {"to": [{"ipBlock": {"cidr": target.cidr}}]}
    return rule | {"ports": tcp(*sorted(target.ports))} if target.ports else rule


def everywhere(port: int) -> Rule:
    """Traffic to one port of any address."""
    return {"to": [{"ipBlock": {"cidr": cidr}} for cidr in _EVERYWHERE], "ports": tcp(port)}


def in_cluster(*namespaces: str) -> Rule:
    """Traffic to any TCP port of these namespaces."""
    return {"to": [namespace_peer(name) for name in sorted(set(namespaces))], "ports": [{"protocol": "TCP"}]}


def dns() -> Rule:
    """Traffic to whoever finds names."""
    resolvers = [namespace_peer(_DNS_NAMESPACE), {"ipBlock": {"cidr": _DNS_ON_NODE}}]
    return {"to": resolvers, "ports": [{"port": _DNS_PORT, "protocol": protocol} for protocol in ("TCP", "UDP")]}


def make_policy(
    owner: Component,
    site: Site,
    part: str,
    name: str,
    pods: Mapping[str, Any],
    *,
    ingress: Sequence[Rule] | None = None,
    egress: Sequence[Rule] | None = None,
    depends_on: Sequence[Any] = (),
) -> NetworkPolicy:
    """Create a policy; directions that are None are left alone, an empty list forbids everything.

    Args:
        owner: The component that it is a child of.
        site: Where it lies.
        part: What it is to the component.
        name: Name in the cluster.
        pods: Selector of the pods that it is about.
        ingress: Who may talk to them.
        egress: What they may talk to.
        depends_on: What must exist first.
    """
    types = [kind for kind, rules in (("Ingress", ingress), ("Egress", egress)) if rules is not None]
    return owner.child(
        part,
        NetworkPolicy,
        {
            "metadata": metadata(owner, name, site.namespace),
            "spec": {
                "podSelector": dict(pods),
                "policyTypes": types,
                # An empty list is what leaving it out means, and the API server drops it: it would come back as a diff.
                **({"ingress": list(ingress)} if ingress else {}),
                **({"egress": list(egress)} if egress else {}),
            },
        },
        depends_on=depends_on,
    )


def make_guards(owner: Component, site: Site, depends_on: Sequence[Any]) -> list[NetworkPolicy]:
    """Create what holds for the whole namespace: nothing in, nothing out, but names are found and Knative calls."""
    callers = sorted({SERVING, site.knative.ingress_namespace})
    functions = {"matchExpressions": [{"key": FUNCTION, "operator": "Exists"}]}
    return [
        make_policy(owner, site, "deny", "slipway-deny", {}, ingress=[], egress=[], depends_on=depends_on),
        make_policy(owner, site, "dns", "slipway-dns", {}, egress=[dns()], depends_on=depends_on),
        make_policy(
            owner,
            site,
            "callers",
            "slipway-callers",
            functions,
            ingress=[{"from": [namespace_peer(name) for name in callers], "ports": tcp(*_QUEUE_PROXY)}],
            depends_on=depends_on,
        ),
    ]
