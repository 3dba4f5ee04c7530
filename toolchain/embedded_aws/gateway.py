"""The API port: our own paths, faults, Invoke, and moto for everything else."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from toolchain.embedded_aws.errors import EmbeddedAwsError
from toolchain.embedded_aws.faults import Fault, Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from toolchain.embedded_aws.invoke_api import InvokeApi
    from toolchain.embedded_aws.keeper import Keeper
    from toolchain.embedded_aws.schedules import Schedules

CONTROL = "/_slipway/"
SERVICE = "slipway embedded AWS"
_log = logging.getLogger(__name__)


class Gateway:
    """The WSGI application of the API port."""

    def __init__(
        self,
        moto: Any,
        invoke_api: InvokeApi,
        schedules: Schedules,
        keeper: Keeper,
        status: Callable[[], dict[str, Any]],
    ) -> None:
        """Compose the application.

        Args:
            moto: Moto's WSGI application.
            invoke_api: Answers Invoke.
            schedules: Deployed schedules, which a test may move to another time.
            keeper: Is told of changes.
            status: Tells what runs here, as JSON values.
        """
        self._moto = moto
        self._invoke_api = invoke_api
        self._schedules = schedules
        self._keeper = keeper
        self._status = status
        self._faults = Faults()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        if "Origin" in request.headers:
            # SDKs never send it; a page in the user's browser would, and has no business here.
            return Response("requests of web pages are refused\n", status=403)(environ, start_response)
        response = self._own(request)
        if response is not None:
            return response(environ, start_response)
        with self._keeper.change(request):
            body: Iterable[bytes] = self._moto(environ, start_response)
        return body

    def _own(self, request: Request) -> Response | None:
        if request.path.startswith(CONTROL):
            return self._control(request)
        return self._faults.meet(request) or self._invoke_api.answer(request)

    def _control(self, request: Request) -> Response:
        match request.method, request.path.removeprefix(CONTROL).strip("/"):
            case "GET", "status":
                return _json(self._status())
            case "GET", "faults":
                return _json(self._faults.all())
            case "DELETE", "faults":
                self._faults.clear()
                return _json([])
            case "POST", "faults":
                return self._add_fault(request)
            case "POST", "schedules":
                return self._tick(request)
        return _json({"message": f"{request.method} {request.path} is not known here"}, 404)

    def _add_fault(self, request: Request) -> Response:
        try:
            self._faults.add(Fault.from_json(json.loads(request.get_data() or b"null")))
        except (ValueError, EmbeddedAwsError) as error:
            return _json({"message": str(error)}, 400)
        return _json(self._faults.all(), 201)

    def _tick(self, request: Request) -> Response:
        """Fire now what is due until a time: `{"until": "2026-01-31T06:00:00Z"}`."""
        try:
            until = dt.datetime.fromisoformat(json.loads(request.get_data())["until"])
        except (ValueError, KeyError, TypeError):
            return _json({"message": 'the body must be {"until": "<ISO 8601 time>"}'}, 400)
        moment = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
        return _json({"fired": self._schedules.fire_until(moment.timestamp())})


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value) + "\n", status=status, content_type="application/json")
