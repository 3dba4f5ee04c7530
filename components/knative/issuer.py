"""The way from a function to whoever issues the tokens that it accepts, and whose keys it reads."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from components.knative.network import Rule, egress_rule, in_cluster, outside
from components.knative.resources import namespace_of
from components.knative.site import Site

_PORTS = {"http": 80, "https": 443}


def issuer_rules(site: Site) -> Sequence[Rule]:
    """Traffic to the issuer: where the environment says, its namespace, or else public addresses of its port.

    Args:
        site: Where the function lies; without an issuer there is nothing to reach.
    """
    tokens = site.args.tokens
    if tokens is None:
        return []
    if tokens.egress:
        return [egress_rule(target) for target in tokens.egress]
    namespace = namespace_of(tokens.issuer)
    if namespace is not None:
        return [in_cluster(namespace, site.knative.ingress_namespace)]
    address = urlsplit(tokens.issuer)
    return [outside(address.port or _PORTS[address.scheme])]
