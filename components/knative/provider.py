"""The Kubernetes provider of an environment: one cluster."""

from __future__ import annotations

from typing import Any

from components.knative_args import KnativeArgs


def provider_args(args: KnativeArgs) -> dict[str, Any]:
    """Arguments of the provider.

    Credentials come from the kubeconfig, never from here. The identifier is set because the provider would otherwise
    tell clusters apart by what stands in the kubeconfig, where a new address or certificate would make everything anew.
    """
    return {
        "kubeconfig": args.kubeconfig,
        "context": args.context,
        "cluster_identifier": args.cluster_identifier or args.context or f"{args.namespace}.{args.domain}",
        "enable_server_side_apply": True,
    }
