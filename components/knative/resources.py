"""The catalogue as functions on Knative see it: channels that the environment makes, addresses of everything else."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.base import Component
from components.environment_args import CatalogueEntry
from components.function.variables import variable_of
from components.knative.labels import metadata
from components.knative.network import EVENTING, Rule, egress_rule, in_cluster
from components.knative.site import CLUSTER_DOMAIN, Site
from components.knative.waiting import wait_for
from components.names import fit
from components.security.grants import FUNCTION

API = "messaging.knative.dev/v1"
_SERVICE_OF_CHANNEL = "-kn-channel"  # Knative makes it; its address follows from the name
_DNS_LABELS = 3  # service.namespace.svc


@dataclasses.dataclass(frozen=True, slots=True)
class Resource:
    """An entry of the catalogue as it really is.

    Attributes:
        kind: Kind in the catalogue.
        name: Name in the catalogue.
        variables: What a function that uses it is told.
        secret: Name of the Kubernetes Secret: of a `secret` itself, else of what opens the resource; None without one.
        egress: Where a function that uses it may connect to.
        channel: Name of the channel that is its queue; None for everything else.
        made: What must exist before anything uses it.
    """

    kind: str
    name: str
    variables: Mapping[str, str]
    secret: str | None
    egress: Sequence[Rule]
    channel: str | None = None
    made: Sequence[pulumi.Resource] = ()


def make_resources(
    owner: Component, site: Site, depends_on: Sequence[pulumi.Resource]
) -> Mapping[tuple[str, str], Resource]:
    """Create the channels, and adopt everything else that functions on Knative can use.

    Args:
        owner: The environment.
        site: Where it lies.
        depends_on: What must exist first.

    Returns:
        Resources by kind and name.
    """
    found: dict[tuple[str, str], Resource] = {}
    for entry in site.args.catalogue:
        if entry.create:
            if (entry.made_on or site.args.target) == "knative":
                found[entry.kind, entry.name] = _make_queue(owner, site, entry, depends_on)
        elif entry.kind == FUNCTION:
            if entry.made_on == "knative":
                found[entry.kind, entry.name] = _function(site, entry.name)
        elif entry.kind == "secret" and entry.kubernetes_secret:
            found[entry.kind, entry.name] = Resource(entry.kind, entry.name, {}, entry.kubernetes_secret, ())
        elif entry.kind != "secret" and entry.address:
            found[entry.kind, entry.name] = Resource(
                entry.kind, entry.name, _variables(entry, entry.address), entry.kubernetes_secret, _egress(site, entry)
            )
    return found


def _function(site: Site, name: str) -> Resource:
    """Another function of the environment, at its address in the cluster; the ingress stands between the two."""
    variables = {variable_of(FUNCTION, name, "url"): site.internal(name)}
    return Resource(FUNCTION, name, variables, None, (in_cluster(site.knative.ingress_namespace),))


def namespace_of(address: str) -> str | None:
    """The namespace of an address inside the cluster; None when it is outside."""
    host = _host(address)
    labels = host.removesuffix(".").removesuffix(CLUSTER_DOMAIN.removeprefix("svc")).split(".")
    return labels[1] if len(labels) == _DNS_LABELS and labels[2] == "svc" else None


def _host(address: str) -> str:
    return address.split("://", 1)[-1].split("/", 1)[0].rsplit(":", 1)[0]


def _egress(site: Site, entry: CatalogueEntry) -> list[Rule]:
    rules = [egress_rule(target) for target in entry.egress]
    namespace = namespace_of(entry.address or "")
    if namespace is not None:
        # A Knative Service in there is reached through the ingress, an ordinary one directly.
        rules.append(in_cluster(namespace, site.knative.ingress_namespace))
    return rules


def _variables(entry: CatalogueEntry, address: str) -> Mapping[str, str]:
    kind, name = entry.kind, entry.name
    if kind in {"bucket", "table"}:
        endpoint, _, last = address.rstrip("/").rpartition("/")
        return {variable_of(kind, name): last, variable_of(kind, name, "endpoint"): endpoint}
    return {variable_of(kind, name, "url"): address}


def _make_queue(owner: Component, site: Site, entry: CatalogueEntry, depends_on: Sequence[pulumi.Resource]) -> Resource:
    who = f"queue {entry.name!r}"
    name = fit("channel", entry.name)
    service = site.names.take("kubernetes", name + _SERVICE_OF_CHANNEL, who)
    channel = site.knative.channel
    template = {"apiVersion": channel.api_version, "kind": channel.kind}
    made = owner.child(
        f"channel-{entry.name}",
        CustomResource,
        {
            "api_version": API,
            "kind": "Channel",
            "metadata": metadata(owner, name, site.namespace, annotations=wait_for()),
            "spec": {"channelTemplate": template | ({"spec": dict(channel.spec)} if channel.spec else {})},
        },
        depends_on=depends_on,
        protect=site.args.protect or None,
    )
    return Resource(
        kind="queue",
        name=entry.name,
        variables={variable_of("queue", entry.name, "url"): site.internal(service)},
        secret=None,
        egress=(in_cluster(EVENTING),),
        channel=name,
        made=(made,),
    )
