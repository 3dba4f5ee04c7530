"""Who may talk to the log agent, and to whom it may talk: names, the Kubernetes API, and the stores of the sinks."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.base import Component
from components.knative.agent.collector import METRICS_PORT
from components.knative.labels import metadata
from components.knative.network import Rule, dns, everywhere, in_cluster, tcp
from components.knative.resources import namespace_of
from components.log_sink.args import LogSinkArgs

_PORTS = {"http": 80, "https": 443}
# The API server's Service, and what it leads to: policies see one or the other, and neither address is known here.
_API_PORTS = (443, 6443)


def make_guards(
    owner: Component, home: str, sinks: Sequence[LogSinkArgs], depends_on: Sequence[Any]
) -> list[NetworkPolicy]:
    """Create the policy of the agent's namespace.

    Args:
        owner: The environment.
        home: The namespace.
        sinks: The sinks.
        depends_on: What must exist first.
    """
    egress: list[Rule] = [dns(), *(everywhere(port) for port in _API_PORTS)]
    for sink in sinks:
        rule = store_rule(sink)
        if rule not in egress:
            egress.append(rule)
    return [
        owner.child(
            "logs-network",
            NetworkPolicy,
            {
                "metadata": metadata(owner, "slipway-logs", home),
                "spec": {
                    "podSelector": {},
                    "policyTypes": ["Ingress", "Egress"],
                    "ingress": [{"ports": tcp(METRICS_PORT)}],
                    "egress": egress,
                },
            },
            depends_on=depends_on,
        )
    ]


def store_rule(sink: LogSinkArgs) -> Rule:
    """Traffic to the store of a sink: its address where that is a number, its namespace, or else its port."""
    address = urlsplit(sink.address or "https://s3")
    namespace = namespace_of(f"{address.scheme}://{address.hostname}")
    if namespace is not None:
        return in_cluster(namespace)
    port = address.port or _PORTS[address.scheme]
    try:
        host = ipaddress.ip_address(address.hostname or "")
    except ValueError:
        return everywhere(port)
    return {"to": [{"ipBlock": {"cidr": f"{host}/{host.max_prefixlen}"}}], "ports": tcp(port)}
