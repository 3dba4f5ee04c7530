"""The settings of Knative that differ from its defaults here, and why. All others are Knative's own.

No feature of `config-features` is switched on: what runs here runs on any Knative of this version.
Scale to zero stays as it is: 60 s without a call (`stable-window`), then 30 s of grace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolchain.embedded_cluster import network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolchain.embedded_cluster.content.manifests import Document

_QUICK_LEADERS = {"lease-duration": "15s", "renew-deadline": "10s", "retry-period": "2s"}
"""Knative's defaults let a killed controller be replaced after a minute; these are those of Kubernetes itself."""


# Without the query, where callers write what nobody should keep; what else they write is escaped: it stays JSON.
REQUEST_LOG = (
    '{"slipway": "request", "method": "{{.Request.Method}}", "path": "{{.Request.URL.EscapedPath}}", '
    '"status": {{.Response.Code}}, "latency": {{.Response.Latency}}, "size": {{.Response.Size}}, '
    '"requestId": "{{urlquery (.Request.Header.Get "X-Request-Id")}}", '
    '"traceparent": "{{urlquery (.Request.Header.Get "Traceparent")}}"}'
)
"""Template of the request log; what is in it becomes the record's fields, request id and trace id."""


def data(registry: str, domain: str, queue_image: str) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Values of ConfigMaps: namespace and name to keys and values.

    Args:
        registry: Address of the registry that functions' images come from.
        domain: Domain of public addresses.
        queue_image: Image of the proxy beside each function.
    """
    return {
        ("knative-serving", "config-network"): {"ingress-class": "kourier.ingress.networking.knative.dev"},
        ("knative-serving", "config-domain"): {domain: ""},
        ("knative-serving", "config-deployment"): {
            "queue-sidecar-image": queue_image,
            # The controller runs in a pod: the registry on the node's loopback is not there for it.
            "registries-skipping-tag-resolving": registry,
            # A function that cannot start is reported after this, not after ten minutes.
            "progress-deadline": "120s",
            # Knative's default of 25m and nothing else: on two cores the proxies must not fill the node.
            "queue-sidecar-cpu-request": "10m",
            "queue-sidecar-memory-request": "32Mi",
        },
        ("knative-serving", "config-observability"): {
            "logging.enable-request-log": "true",
            "logging.request-log-template": REQUEST_LOG,
        },
        ("knative-serving", "config-leader-election"): _QUICK_LEADERS,
        ("knative-eventing", "config-leader-election"): _QUICK_LEADERS,
    }


def addresses() -> Mapping[tuple[str, str], str]:
    """Fixed cluster addresses: DNS where the kubelet sends pods, the entry where the relay connects to."""
    return {("kube-system", "kube-dns"): network.DNS_IP, ("kourier-system", "kourier"): network.ENTRY_IP}


def probes() -> list[Document]:
    """Objects that the webhooks of Serving and Eventing must let pass before the cluster counts as ready."""
    metadata = {"namespace": "default", "name": "slipway-probe"}
    container = {"image": "slipway.internal/probe@sha256:" + 64 * "0"}
    service = {"template": {"spec": {"containers": [container]}}}
    return [
        {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": metadata, "spec": service},
        {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "metadata": metadata, "spec": {}},
        {"apiVersion": "messaging.knative.dev/v1", "kind": "Channel", "metadata": metadata, "spec": {}},
    ]
