"""Lambda's Invoke operation, in place of moto's, which runs nothing.

Facts: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import json
import logging
import re
import uuid
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from toolchain.embedded_aws import signatures
from toolchain.embedded_aws.pool import CannotRunError, ThrottledError

if TYPE_CHECKING:
    from toolchain.embedded_aws.async_invoker import AsyncInvoker
    from toolchain.embedded_aws.config import Config
    from toolchain.embedded_aws.functions import DeployedFunction
    from toolchain.embedded_aws.invoker import Invoker

_PATH = re.compile(r"/2015-03-31/functions/(?P<reference>.+)/invocations/?")
_STREAMING = re.compile(r"/2021-11-15/functions/.+/response-streaming-invocations/?")
_MAX_SYNC_BYTES = 6 * 1024 * 1024
_MAX_ASYNC_BYTES = 1024 * 1024
_log = logging.getLogger(__name__)


class InvokeApi:
    """Answers Invoke requests."""

    def __init__(self, config: Config, invoker: Invoker, async_invoker: AsyncInvoker) -> None:
        self._config = config
        self._invoker = invoker
        self._async = async_invoker

    def answer(self, request: Request) -> Response | None:
        """The answer to an Invoke request; None for any other request."""
        if request.method != "POST":
            return None
        if _STREAMING.fullmatch(request.path):
            message = "streamed responses cannot be had from the embedded AWS; use Invoke"
            return _error(400, "InvalidParameterValueException", message)
        match = _PATH.fullmatch(request.path)
        return self._invoke(request, match["reference"]) if match else None

    def _invoke(self, request: Request, reference: str) -> Response:
        region = signatures.region_of(request)
        if region is None:
            return _error(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        qualifier = request.args.get("Qualifier")
        function = self._invoker.find(reference, qualifier, region)
        if function is None:
            return _not_found(self._config, reference, qualifier, region)
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        payload = request.get_data() or b"{}"
        return _refusal(kind, payload) or self._carry_out(kind, request, function, payload)

    def _carry_out(self, kind: str, request: Request, function: DeployedFunction, payload: bytes) -> Response:
        if kind == "DryRun":
            return Response(status=204)
        if kind == "Event":
            request_id = self._async.submit(function, payload)
            return Response(status=202, headers={"x-amzn-RequestId": request_id})
        return self._run(request, function, payload)

    def _run(self, request: Request, function: DeployedFunction, payload: bytes) -> Response:
        context = request.headers.get("X-Amz-Client-Context")
        try:
            decoded = base64.b64decode(context, validate=True).decode() if context else None
            call = self._invoker.call(function, payload, client_context=decoded)
        except ThrottledError as error:
            body = {"Reason": str(error), "Type": "User", "message": "Rate Exceeded."}
            return _reply(429, "TooManyRequestsException", body)
        except CannotRunError as error:
            _log.error("%s", error)
            return _error(400, "InvalidRuntimeException", str(error))
        except ValueError:
            return _error(400, "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON")
        headers = {"x-amzn-RequestId": call.request_id, "X-Amz-Executed-Version": call.version}
        if call.outcome.failed:
            headers["X-Amz-Function-Error"] = "Unhandled"
        if request.headers.get("X-Amz-Log-Type") == "Tail":
            headers["X-Amz-Log-Result"] = base64.b64encode(call.outcome.log_tail).decode()
        return Response(call.outcome.payload, headers=headers, content_type="application/json")


def _refusal(kind: str, payload: bytes) -> Response | None:
    if kind not in {"RequestResponse", "Event", "DryRun"}:
        return _error(400, "InvalidParameterValueException", f"Unknown invocation type: {kind}")
    limit = _MAX_ASYNC_BYTES if kind == "Event" else _MAX_SYNC_BYTES
    if len(payload) > limit:
        message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        return _error(413, "RequestTooLargeException", message)
    try:
        json.loads(payload)
    except ValueError as error:
        return _error(400, "InvalidRequestContentException", f"Could not parse request body into json: {error}")
    return None


def _not_found(config: Config, reference: str, qualifier: str | None, region: str) -> Response:
    arn = reference
    if not reference.startswith("arn:"):
        suffix = f":{qualifier}" if qualifier else ""
        arn = f"arn:aws:lambda:{region}:{config.account}:function:{reference}{suffix}"
    return _error(404, "ResourceNotFoundException", f"Function not found: {arn}")


def _error(status: int, kind: str, message: str) -> Response:
    return _reply(status, kind, {"Type": "User", "Message": message, "message": message})


def _reply(status: int, kind: str, body: dict[str, str]) -> Response:
    headers = {"x-amzn-ErrorType": kind, "x-amzn-RequestId": str(uuid.uuid4())}
    return Response(json.dumps(body), status=status, headers=headers, content_type="application/json")
