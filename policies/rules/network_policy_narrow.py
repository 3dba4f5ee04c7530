"""K12: Network policies say where traffic goes, and never to the metadata of machines."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from policies.judge.rule import Rule, Verdict, fail, unknown, worst
from policies.judge.values import UNKNOWN, at, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource

_METADATA = ("169.254.169.254", "fd00:ec2::254")  # where machines of clouds tell their credentials


def _check(resource: Resource) -> Verdict:
    rules = resource.get("spec.egress")
    if rules is UNKNOWN:
        return unknown("spec.egress")
    return worst(verdict for index, rule in enumerate(rules or ()) for verdict in _rule(f"spec.egress[{index}]", rule))


def _rule(path: str, rule: Any) -> Iterator[Verdict]:
    peers = at(rule, "to")
    if peers is UNKNOWN:
        yield unknown(f"{path}.to")
        return
    if not peers:
        yield fail(f"{path}.to", f"{path}.to must say where traffic goes, found nothing")
    for index, peer in enumerate(peers or ()):
        yield from _peer(f"{path}.to[{index}]", peer)


def _peer(path: str, peer: Any) -> Iterator[Verdict]:
    if holds_unknown(peer):
        yield unknown(path)
        return
    selector = at(peer, "namespaceSelector")
    if selector is not None and not any(selector.values()):
        where = f"{path}.namespaceSelector"
        yield fail(where, f"{where} must name namespaces, found all of them")
    block = at(peer, "ipBlock")
    if block is not None:
        for address in _METADATA:
            if _holds(block["cidr"], address) and not any(_holds(one, address) for one in block.get("except") or ()):
                where = f"{path}.ipBlock"
                yield fail(where, f"{where} must leave out {address}, where machines tell their credentials")


def _holds(cidr: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)


RULE = Rule(
    id="K12",
    name="network-policy-narrow",
    title="Network policies say where traffic goes, and never to the metadata of machines",
    sources=("kyverno add-networkpolicy", "NSA"),
    severity="high",
    remedy="name the peers of each egress rule; put 169.254.0.0/16 and fd00:ec2::254/128 under except of wide ranges",
    types=("kubernetes:networking.k8s.io/v1:NetworkPolicy",),
    check=_check,
)
