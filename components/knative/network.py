"""Who may talk to whom in a namespace: nothing that is not said here."""

from __future__ import annotations

import ipaddress
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
_METADATA = ("169.254.0.0/16", "fd00:ec2::254/128")  # where machines of clouds tell their credentials
# RFC 1918, 6598, 4193, 4291: where clusters, machines and their API servers are.
_PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")

Rule = dict[str, Any]


def namespace_peer(name: str, pods: Mapping[str, str] | None = None) -> Rule:
    """All pods of a namespace, or those with these labels."""
    peer: Rule = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
    return peer | {"podSelector": {"matchLabels": dict(pods)}} if pods else peer


def tcp(*ports: int) -> list[Rule]:
    """TCP ports as a rule takes them."""
    return [{"port": port, "protocol": "TCP"} for port in ports]


def egress_rule(target: Egress) -> Rule:
    """Traffic to addresses outside the cluster, but never to where machines tell their credentials."""
    rule: Rule = {"to": [_block(target.cidr, _METADATA)]}
    return rule | {"ports": tcp(*sorted(target.ports))} if target.ports else rule


def is_metadata(cidr: str) -> bool:
    """Whether a range has nothing but addresses at which machines tell their credentials."""
    return any(_within(cidr, other) for other in _METADATA)


def outside(port: int) -> Rule:
    """Traffic to one port of public addresses."""
    return {"to": [_block(cidr, (*_METADATA, *_PRIVATE)) for cidr in _EVERYWHERE], "ports": tcp(port)}


def _block(cidr: str, without: Sequence[str]) -> Rule:
    found = [other for other in without if _within(other, cidr) and not _within(cidr, other)]
    # Kubernetes takes no exception twice; what lies within another one is one.
    kept = sorted(other for other in found if not any(_within(other, each) for each in found if each != other))
    return {"ipBlock": {"cidr": cidr, **({"except": kept} if kept else {})}}


def _within(cidr: str, other: str) -> bool:
    inner, outer = ipaddress.ip_network(cidr, strict=False), ipaddress.ip_network(other, strict=False)
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


def everywhere(port: int) -> Rule:
    """Traffic to one port of any address but those at which machines tell their credentials."""
    return {"to": [_block(cidr, _METADATA) for cidr in _EVERYWHERE], "ports": tcp(port)}


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
