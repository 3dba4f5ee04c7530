"""The WSGI application around the framework's app: probes, routes, tokens, cross-origin rules, events."""

from __future__ import annotations

import ipaddress
import json
import threading
import uuid
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import EnvironHeaders, Headers
from werkzeug.exceptions import ClientDisconnected
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import ClosingIterator

from slipway_runtime import server_events
from slipway_runtime.logs import log
from slipway_runtime.server_logs import REQUEST_ID
from slipway_runtime.server_routes import message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask

    from slipway_runtime.server_routes import Cors, Routes
    from slipway_runtime.server_tokens import Tokens

READY = "/_slipway/ready"
"""Path of the probe."""

_CLUSTER = (".svc", ".svc.cluster.local")
_CLIENT_ERROR = 400


class Server:
    """Serves a function's requests and events.

    Args:
        app: From `functions_framework.create_app`.
        signature: `http` or `cloudevent`.
        routes: The function's routes.
        tokens: Checks tokens; None if no route asks for one.
        concurrency: Requests and events that the function takes at a time.
    """

    def __init__(self, app: Flask, signature: str, routes: Routes, tokens: Tokens | None, *, concurrency: int) -> None:
        self._app = app
        self._signature = signature
        self._routes = routes
        self._tokens = tokens
        self._slots = threading.Semaphore(concurrency)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] == READY:
            return Response("ready\n", content_type="text/plain")(environ, start_response)
        environ = _as_sent(environ)
        REQUEST_ID.set(environ["HTTP_X_REQUEST_ID"])
        outside = is_outside(environ)
        if self._signature == "cloudevent" and not outside and _is_delivery(environ):
            return self._event(environ)(environ, start_response)
        sent = EnvironHeaders(environ)
        cors = self._routes.cors(outside=outside)
        if cors and environ["REQUEST_METHOD"] == "OPTIONS" and "Access-Control-Request-Method" in sent:
            return cors.preflight(sent)(environ, start_response)
        refusal = self._refusal(environ, outside=outside)
        if refusal is not None:
            if cors:
                cors.apply(sent, refusal.headers)
            return refusal(environ, start_response)
        return self._call(environ, _applying(start_response, cors, sent) if cors else start_response)

    def _refusal(self, environ: dict[str, Any], *, outside: bool) -> Response | None:
        if not outside and self._routes.internal:
            return None
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        route = self._routes.find(environ["REQUEST_METHOD"], path, outside=outside)
        if route is None:
            return message(404, "Not Found")
        if route.auth == "token":
            assert self._tokens is not None
            return self._tokens.refusal(environ.get("HTTP_AUTHORIZATION"))
        return None

    def _call(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self._slots.acquire()
        try:
            answer = self._app(environ, start_response)
        except BaseException:
            self._slots.release()
            raise
        # The function may still be at work while its answer is sent.
        return ClosingIterator(answer, [self._slots.release])

    def _event(self, environ: dict[str, Any]) -> Response:
        """Hand an event to the function; the answer has no body, which a broker would take for an event in reply."""
        try:
            body = Request(environ).get_data()
        except ClientDisconnected:
            return Response(status=400)
        event = server_events.read(environ, body)
        if event is None:
            return message(400, "this is no CloudEvent: it lacks specversion, id, source or type")
        with self._slots:
            status = self._deliver(event, environ)
        if status < _CLIENT_ERROR:
            return Response(status=204)
        # Whatever went wrong, it is tried again, as on Lambda: other errors would be final for Knative.
        log.error("event %s of type %s failed with status %d and is tried again", event["id"], event["type"], status)
        return message(500, "the function failed")

    def _deliver(self, event: dict[str, Any], environ: dict[str, Any]) -> int:
        # Structured mode, for the reason that `cloud_event.deliver` gives.
        content = json.dumps(event).encode()
        builder = EnvironBuilder(method="POST", path="/", data=content, content_type="application/cloudevents+json")
        kept = {name: environ[name] for name in _KEPT if name in environ}
        _, status, _ = run_wsgi_app(self._app, builder.get_environ() | kept, buffered=True)
        return int(status.split(" ", 1)[0])


_KEPT = ("HTTP_X_REQUEST_ID", "HTTP_FUNCTION_EXECUTION_ID", "HTTP_TRACEPARENT", "HTTP_TRACESTATE", "REMOTE_ADDR")


def is_outside(environ: dict[str, Any]) -> bool:
    """Whether a request may come from outside of the cluster.

    An ingress hands on only requests whose host it knows, so a host name of the cluster, or the address of the
    container itself, is proof of a caller inside, unless a DomainMapping has put that name there, which it says.
    """
    if "HTTP_K_ORIGINAL_HOST" in environ:
        return True
    host = str(environ.get("HTTP_HOST") or "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() and not host.endswith("]") else host
    name = name.strip("[]").lower().rstrip(".")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name != "localhost" and not name.endswith(_CLUSTER)
    return False


def _as_sent(environ: dict[str, Any]) -> dict[str, Any]:
    """The request as its caller sent it: what the proxies in front say of address, scheme and id is put in place."""
    found = dict(environ)
    client = str(environ.get("HTTP_X_FORWARDED_FOR") or "").partition(",")[0].strip()
    if client:
        found["REMOTE_ADDR"] = client
    scheme = str(environ.get("HTTP_X_FORWARDED_PROTO") or "").partition(",")[0].strip()
    if scheme in {"http", "https"}:
        found["wsgi.url_scheme"] = scheme
    identity = found.setdefault("HTTP_X_REQUEST_ID", str(uuid.uuid4()))
    found.setdefault("HTTP_FUNCTION_EXECUTION_ID", identity)
    return found


def _is_delivery(environ: dict[str, Any]) -> bool:
    return environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == "/" and server_events.carries(environ)


def _applying(start_response: Any, cors: Cors, sent: EnvironHeaders) -> Any:
    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        answer = Headers(headers)
        cors.apply(sent, answer)
        return start_response(status, answer.to_wsgi_list(), *rest)

    return start
