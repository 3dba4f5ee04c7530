"""The WSGI application of the dead letter service; its contract is in docs/events.md."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Any

from slipway_runtime.logs import log
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from slipway_deadletters import letters
from slipway_deadletters.sender import UnreachableError
from slipway_deadletters.store import FullError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slipway_deadletters.sender import Sender
    from slipway_deadletters.store import Store

_MAX_BODY = 10 * 1024 * 1024
_SHOWN = 100
_ALL = 2**31
_FUNCTION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SENT = range(200, 300)
_ROUTES = Map(
    [
        Rule("/_slipway/ready", methods=["GET"], endpoint="ready"),
        Rule("/letters", methods=["GET"], endpoint="listing"),
        Rule("/redrive", methods=["POST"], endpoint="redrive"),
        Rule("/<function>", methods=["POST"], endpoint="keep"),
    ]
)


class _RefusedError(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Service:
    """Keeps letters, lists them and sends them again.

    Args:
        store: Where they are kept.
        sender: Sends them again.
    """

    def __init__(self, store: Store, sender: Sender) -> None:
        self._store = store
        self._sender = sender
        self._driving = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        request.max_content_length = _MAX_BODY
        try:
            endpoint, values = _ROUTES.bind_to_environ(environ).match()
            response: Response = getattr(self, f"_{endpoint}")(request, **values)
        except _RefusedError as error:
            response = _json({"message": str(error)}, error.status)
        except RequestEntityTooLarge:
            response = _json({"message": f"an event has more than {_MAX_BODY} bytes"}, 413)
        except HTTPException as error:
            response = _json({"message": error.name}, error.code or 500)
        except Exception:  # noqa: BLE001 - the caller gets an answer, the log the reason
            log.exception("%s %s failed", request.method, request.path)
            response = _json({"message": "the dead letter service failed; its log says why"}, 500)
        return response(environ, start_response)

    def _ready(self, _: Request) -> Response:
        self._store.count("")
        return _json({"ready": True})

    def _keep(self, request: Request, function: str) -> Response:
        if not _FUNCTION.fullmatch(function):
            raise _RefusedError(404, "this is no name of a function")
        headers = {name.lower(): value for name, value in request.headers.items()}
        letter = letters.read(headers, request.get_data())
        if letter is None:
            raise _RefusedError(400, "this is no CloudEvent: it lacks specversion, id, source or type")
        try:
            number = self._store.add(function, letter)
        except FullError:
            text = (
                f"the dead letters have reached {self._store.limit} bytes, so this event is not kept; send some again"
            )
            log.error("event %s of function %s: %s (`slipway redrive`)", letter.event["id"], function, text)
            raise _RefusedError(507, text) from None
        log.warning(
            "function %s could not handle event %s of type %s; it is kept as letter %d",
            function,
            letter.event["id"],
            letter.event["type"],
            number,
            extra={"code": letter.error.get("code")},
        )
        return Response(status=204)

    def _listing(self, request: Request) -> Response:
        limit = _number(request.args.get("limit", str(_SHOWN)), "limit", lowest=0)
        return _json(self._store.listing(request.args.get("function"), limit))

    def _redrive(self, request: Request) -> Response:
        if "ce-specversion" in request.headers or "cloudevents" in request.mimetype:
            return self._keep(request, "redrive")  # a function may have this name too
        wanted = _document(request.get_data())
        function = wanted.get("function")
        if not isinstance(function, str) or not _FUNCTION.fullmatch(function):
            raise _RefusedError(400, "function must be the name of a function")
        limit = _number(str(wanted.get("limit") or _ALL), "limit", lowest=1)
        if not self._driving.acquire(blocking=False):
            raise _RefusedError(409, "letters are being sent again already; wait until that has ended")
        try:
            return _json(self._drive(function, limit))
        finally:
            self._driving.release()

    def _drive(self, function: str, limit: int) -> dict[str, Any]:
        sent = 0
        failed: list[dict[str, str]] = []
        for number in self._store.numbers(function, limit):
            letter = self._store.get(number)
            if letter is None:
                continue
            reason, reached = "", True
            try:
                status = self._sender.send(function, letter)
                reason = "" if status in _SENT else f"status {status}"
            except UnreachableError as error:
                reason, reached = f"no answer: {error}", False
            if reason:
                self._store.failed_again(number)
                failed.append({"id": str(number), "event": letter.event["id"], "reason": reason})
            else:
                # After the answer: killed in between, the event is sent once more, never lost.
                self._store.remove(number)
                sent += 1
            if not reached:
                break  # the others would wait as long for nothing
        return {"sent": sent, "failed": failed, "left": self._store.count(function)}


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _RefusedError(400, "the body must be a JSON object")
    return found


def _number(text: str, name: str, *, lowest: int) -> int:
    if not (text.isascii() and text.isdecimal()) or not lowest <= int(text) <= _ALL:
        raise _RefusedError(400, f"{name} must be a number from {lowest}")
    return int(text)


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(content, separators=(",", ":")) + "\n", status, content_type="application/json")
