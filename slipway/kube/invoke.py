"""Calls functions on Knative, also those that are scaled to zero: always by way of Knative's own gateway.

Public functions are called by the environment's entry. For cluster-local functions and for events the API server
passes the request on to the gateway's internal Service, which the function's Ingress names: nothing is needed on this
machine beyond the kubeconfig. The API server keeps the Host header (Kubernetes 1.34, `UpgradeAwareHandler`), by which
the gateway finds the function. It does not keep Authorization, which it takes for itself.
"""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import requests

from slipway.core.errors import BadInputError, EngineError
from slipway.kube import services
from slipway.kube.causes import KUBE_CAUSES
from slipway.kube.clients import is_status, said, short
from slipway.kube.events import request_of
from slipway.running import web
from slipway.running.calls import Answer, Request, text_or_bytes
from slipway.running.causes import with_advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.kube.clients import Kube
    from slipway.running.calls import Call

_OK = range(200, 300)
_UNAUTHORIZED = 401
_INGRESS = "/apis/networking.internal.knative.dev/v1alpha1"
_SHOWN = 300
_PATH = "/%:@!$&'()*+,;=~"


def invoke(kube: Kube, name: str, call: Call, *, candidate: bool = False) -> Answer:
    """Call a function once; it is never called again by itself.

    Args:
        kube: The cluster.
        name: Name of the function.
        call: What to call it with.
        candidate: Whether to call the candidate of a rollout instead of what callers reach.

    Raises:
        EngineError: The function does not exist, or the cluster cannot be reached. A failing function raises nothing.
    """
    service = services.read(kube, name)
    if service is None:
        raise EngineError(
            f"{name}: there is no Knative Service {kube.namespace}/{name}; what to do: run "
            f"`slipway up -s {kube.environment}`"
        )
    request = request_of(call, function=name, namespace=kube.namespace)
    tag = services.CANDIDATE if candidate else None
    is_request = isinstance(call.what, Request)
    if is_request and services.is_public(service):
        url = services.tagged_url(service, tag) if tag else str(service["status"]["url"])
        if url is None:
            raise EngineError(f"{name}: there is no candidate; what to do: `slipway list -s {kube.environment}`")
        answer = _by_entry(kube, name, url, request)
    else:
        answer = _by_api(kube, name, services.local_host(kube, name, tag), request)
    answer = dataclasses.replace(answer, version=_version(service, candidate=candidate))
    return answer if is_request else _of_event(answer)


def refuse_asynchronous(name: str) -> None:
    """Say that Knative has no queue for single calls.

    Raises:
        BadInputError: Always.
    """
    raise BadInputError(
        f"{name}: --async: Knative answers each call and queues none by itself; what to do: leave --async out, or send "
        "an event or a message to what the function subscribes to"
    )


def unchecked(call: Call, answer: Answer) -> str | None:
    """Why an answer says nothing about the function; None when it does."""
    if call.auth == "token" and answer.status == _UNAUTHORIZED and not _has_authorization(call):
        return "its route wants a token, and Slipway holds none; without one it answered 401, as it should"
    return None


def _has_authorization(call: Call) -> bool:
    return isinstance(call.what, Request) and any(key.lower() == "authorization" for key in call.what.headers)


def _by_entry(kube: Kube, name: str, url: str, request: Request) -> Answer:
    """Send a request to the function's public address, by the entry where that is an address of its own."""
    host = urlsplit(url).netloc
    headers: Mapping[str, str] = request.headers
    base = f"{kube.scheme}://{host}" + (f":{kube.port}" if kube.port else "")
    if kube.entry is not None:
        headers = {**headers, "Host": host}
        base = kube.entry.rstrip("/")
    try:
        return web.send(
            request.method, f"{base}{request.target}", headers, request.body, use_proxies=kube.entry is None
        )
    except requests.RequestException as error:
        heal = "; `slipway cluster up` heals the embedded cluster" if kube.entry else ""
        raise EngineError(
            f"{name}: {base} does not answer: {short(error)}; what to do: check the entry of Knative's gateway{heal}"
        ) from error


def _by_api(kube: Kube, name: str, host: str, request: Request) -> Answer:
    """Send a request to the cluster's internal gateway, through the API server."""
    if any(key.lower() == "authorization" for key in request.headers):
        raise BadInputError(
            f"{name}: Authorization cannot be sent to a cluster-local function: the API server, which passes the "
            "request on, takes that header for itself; what to do: call it from inside the cluster"
        )
    gateway = _gateway(kube, name)
    started = time.monotonic()
    path = quote(request.path, safe=_PATH)
    _, _, query = request.target.partition("?")
    response = kube.send(
        request.method,
        f"{gateway}{path}" + (f"?{query}" if query else ""),
        headers={**request.headers, "Host": host},
        body=request.body,
        read_timeout_s=web.CALL_TIMEOUT_S,
        who=name,
    )
    if _is_from_server(response):
        raise EngineError(with_advice(KUBE_CAUSES, said(response), kube.environment, name))
    return Answer(
        status=response.status,
        body=text_or_bytes(response.data),
        headers=dict(response.headers),
        error=None,
        log="",
        duration_ms=round((time.monotonic() - started) * 1000, 2),
        version="",
    )


def _gateway(kube: Kube, name: str) -> str:
    """Path of the API server to the gateway inside the cluster, which the function's Ingress names."""
    ingress = kube.get(f"{_INGRESS}/namespaces/{kube.namespace}/ingresses/{name}", who=name)
    balancer = ((ingress or {}).get("status") or {}).get("privateLoadBalancer") or {}
    internal = next((one["domainInternal"] for one in balancer.get("ingress") or [] if one.get("domainInternal")), None)
    if internal is None:
        status, why = services.condition(ingress or {})
        raise EngineError(
            f"{name}: Knative has not made a way to it yet ({why or f'Ready is {status}'}); what to do: run "
            f"`slipway list -s {kube.environment}`, and `slipway up -s {kube.environment}` if it stays so"
        )
    service, namespace = str(internal).split(".")[:2]
    return f"/api/v1/namespaces/{namespace}/services/http:{service}:80/proxy"


def _is_from_server(response: Any) -> bool:
    """Whether the API server itself answered, because it could not pass the request on."""
    if response.status in _OK or not str(response.headers.get("content-type", "")).startswith("application/json"):
        return False
    try:
        return is_status(response.json())
    except ValueError:
        return False


def _of_event(answer: Answer) -> Answer:
    """The answer of a function for events: whatever is no success would be delivered again."""
    if answer.status in _OK:
        return dataclasses.replace(answer, body=answer.body or None)
    said_ = str(answer.body or "").strip()[:_SHOWN]
    return dataclasses.replace(answer, error=f"answered {answer.status}" + (f": {said_}" if said_ else ""))


def _version(service: Mapping[str, Any], *, candidate: bool) -> str:
    """The revision that was called, where only one can have been."""
    wanted = [
        one["revisionName"]
        for one in services.traffic(service)
        if one.get("revisionName") and (one.get("tag") == services.CANDIDATE if candidate else one.get("percent"))
    ]
    return str(wanted[0]) if len(wanted) == 1 else ""
