"""Where functions on Knative may connect to: ranges of addresses, and addresses that say themselves where they are."""

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from slipway.core.fields import Bounds, Model, mistake

_METADATA = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fd00:ec2::254/128"))


def _check_cidr(cidr: str) -> str:
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError:
        raise mistake(
            "bad-cidr", f"must be a range of addresses, found {cidr!r}", "as 10.20.0.0/16, or 10.20.3.4/32 for one"
        ) from None
    if network.prefixlen == 0:
        raise mistake("open-egress", "must not be every address there is", "name the range that the resource is in")
    if any(network.version == other.version and network.overlaps(other) for other in _METADATA):
        raise mistake(
            "metadata-egress",
            "must not lead to where machines of clouds tell their credentials (169.254.0.0/16, fd00:ec2::254)",
            "narrow it",
        )
    return cidr


class Egress(Model):
    """Addresses that functions may connect to."""

    cidr: Annotated[str, Field(max_length=64), AfterValidator(_check_cidr)] = Field(
        description="Range of addresses.", examples=["10.20.0.0/16"]
    )
    ports: Annotated[list[Annotated[int, Bounds(1, 65535)]], Field(min_length=1, max_length=20)] = Field(
        description="TCP ports.", examples=[[443]]
    )


def own_egress(address: str) -> list[dict[str, object]]:
    """Where an address leads that says so itself, because it is one of the network and not a name; else nothing."""
    parts = urlsplit(address)
    try:
        host = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return []
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return [{"cidr": f"{host}/{host.max_prefixlen}", "ports": [port]}]
