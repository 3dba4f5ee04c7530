"""The Lambda Runtime API for one sandbox: the HTTP interface between AWS's runtime client and what runs it.

Facts: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

_VERSION = "2018-06-01"
MAX_RESPONSE_BYTES = 6_291_556
_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """One call of a function, as the Runtime API hands it over.

    Attributes:
        request_id: UUID of the invocation.
        payload: The event, JSON in bytes.
        function_arn: ARN by which the function was called, with its qualifier if there was one.
        deadline_ms: Unix time in milliseconds at which the invocation ends.
        trace_id: X-Ray trace header.
        client_context: JSON of the caller's client context, if any.
    """

    request_id: str
    payload: bytes
    function_arn: str
    deadline_ms: int
    trace_id: str
    client_context: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class RuntimeEvent:
    """What the runtime reported.

    Attributes:
        kind: `ready` (asked for an invocation), `taken` (got one), `response`, `error`, `init-error`, or `exit`
            (which the owner of the process adds).
        request_id: Invocation that it is about, or empty.
        body: Body of a response or an error.
        error_type: Type of an error, or empty.
        status: Exit status of the process, for `exit`.
    """

    kind: str
    request_id: str = ""
    body: bytes = b""
    error_type: str = ""
    status: int = 0


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's signature
        _log.debug("%s: %s", type, message % args if args else message)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class RuntimeApi:
    """Serves the Runtime API on a loopback port of its own and turns calls into events."""

    def __init__(self) -> None:
        self.events: queue.Queue[RuntimeEvent] = queue.Queue()
        self._invocations: queue.Queue[Invocation | None] = queue.Queue()
        self._server = make_server("127.0.0.1", 0, self._application, threaded=True, request_handler=_QuietHandler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, name="runtime-api", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """`host:port` for AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.port}"

    def give(self, invocation: Invocation) -> None:
        """Hand an invocation to the runtime as soon as it asks for one."""
        self._invocations.put(invocation)

    def close(self) -> None:
        """Stop serving; a runtime that waits for an invocation is turned away."""
        self._invocations.put(None)
        self._server.shutdown()
        self._server.server_close()

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        match request.method, request.path.strip("/").split("/"):
            case "GET", [version, "runtime", "invocation", "next"] if version == _VERSION:
                return self._next()
            case "POST", [version, "runtime", "invocation", request_id, "response"] if version == _VERSION:
                return self._response(request_id, request)
            case "POST", [version, "runtime", "invocation", request_id, "error"] if version == _VERSION:
                self._report("error", request, request_id)
                return _accepted()
            case "POST", [version, "runtime", "init", "error"] if version == _VERSION:
                self._report("init-error", request, "")
                return _accepted()
        return Response(status=404)

    def _next(self) -> Response:
        self.events.put(RuntimeEvent("ready"))
        invocation = self._invocations.get()
        if invocation is None:
            return Response(status=410)
        self.events.put(RuntimeEvent("taken", invocation.request_id))
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return Response(invocation.payload, headers=headers, content_type="application/json")

    def _response(self, request_id: str, request: Request) -> Response:
        body = request.get_data()
        if len(body) > MAX_RESPONSE_BYTES:
            self.events.put(RuntimeEvent("error", request_id, b"", "Function.ResponseSizeTooLarge"))
            return Response(status=413)
        self.events.put(RuntimeEvent("response", request_id, body))
        return _accepted()

    def _report(self, kind: str, request: Request, request_id: str) -> None:
        error_type = request.headers.get("Lambda-Runtime-Function-Error-Type", "")
        self.events.put(RuntimeEvent(kind, request_id, request.get_data(), error_type))


def _accepted() -> Response:
    return Response('{"status":"OK"}', status=202, content_type="application/json")
