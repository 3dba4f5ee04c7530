"""HTTP on Knative: an address in the cluster for internal callers, a host of its own for public ones."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.base import Component
from components.function.args import FunctionArgs
from components.knative.labels import DOMAIN, metadata
from components.knative.site import Site
from components.knative.waiting import wait_for
from components.names import part_of

PUBLIC = f"{DOMAIN}/public"
"""Annotation of a Knative Service that is meant to be reached from outside the cluster."""

_MINUTES_S = 180


def is_public(args: FunctionArgs) -> bool:
    """Whether callers outside the cluster may reach it."""
    return any(route.visibility == "public" for route in args.http)


def visibility_labels(args: FunctionArgs) -> dict[str, str]:
    """The label by which Knative keeps a function inside the cluster; nothing for public ones."""
    return {} if is_public(args) else {"networking.knative.dev/visibility": "cluster-local"}


def visibility_notes(args: FunctionArgs) -> dict[str, str]:
    """The annotation by which a public function says that it means to be one: a policy takes no other for public."""
    return {PUBLIC: "true"} if is_public(args) else {}


def address_of(name: str, args: FunctionArgs, site: Site) -> str | None:
    """Where a function answers HTTP: its first public route, else its address in the cluster; None without a route."""
    if is_public(args):
        return site.public(name) + next(route.path for route in args.http if route.visibility == "public")
    return f"{site.internal(name)}/" if args.http else None


def make_hosts(owner: Component, args: FunctionArgs, site: Site, service: pulumi.Resource) -> None:
    """Create a mapping for each host of the function's own.

    A cluster gives a host to one namespace alone: either it makes the claims itself
    (`autocreate-cluster-domain-claims`) or its operators make a ClusterDomainClaim for this namespace.
    """
    for host in args.hosts:
        target: dict[str, Any] = {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "name": owner.name_of_component,
        }
        owner.child(
            part_of("host", host, host),
            CustomResource,
            {
                "api_version": "serving.knative.dev/v1beta1",
                "kind": "DomainMapping",
                "metadata": metadata(owner, host, site.namespace, annotations=wait_for()),
                "spec": {"ref": target},
            },
            depends_on=[service],
            timeout_s=_MINUTES_S,
        )
