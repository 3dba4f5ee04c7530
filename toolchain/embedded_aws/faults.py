"""Failures on demand, so that tests can see how callers bear them: throttling, server errors, bad credentials."""

from __future__ import annotations

import dataclasses
import json
import re
import threading
import uuid
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from toolchain.embedded_aws import signatures
from toolchain.embedded_aws.errors import EmbeddedAwsError
from toolchain.embedded_aws.operations import FORM, operation_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

_CODES = {
    400: ("ValidationException", "The request was refused on demand of a test."),
    403: ("AccessDeniedException", "The request was refused on demand of a test."),
    429: ("TooManyRequestsException", "Rate exceeded"),
    500: ("InternalServerError", "An internal error occurred, on demand of a test."),
    503: ("ServiceUnavailable", "The service is unavailable, on demand of a test."),
}
_LOWEST_ERROR, _HIGHEST_ERROR = 400, 599


@dataclasses.dataclass(kw_only=True, slots=True)
class Fault:
    """A failure that requests meet instead of an answer.

    Attributes:
        service: Signing name of the service (`lambda`, `s3`), or `*`.
        operation: Name of the operation (`CreateFunction`), or `*`. For services whose requests do not carry it
            (Lambda, S3, API Gateway), `METHOD /path` as a regular expression that must match at its start.
        status: HTTP status, 400 to 599.
        count: How many requests meet it; 0 means all until it is removed.
        code: Error code, for example `ExpiredTokenException`; by default the usual one of the status.
        message: Error message.
        met: How many requests met it so far.
    """

    service: str = "*"
    operation: str = "*"
    status: int = 500
    count: int = 1
    code: str = ""
    message: str = ""
    met: int = 0

    @classmethod
    def from_json(cls, values: Any) -> Fault:
        """A fault from a request's JSON.

        Raises:
            EmbeddedAwsError: It is no fault; the message says why.
        """
        known = {field.name for field in dataclasses.fields(cls)} - {"met"}
        if not isinstance(values, dict) or not set(values) <= known:
            raise EmbeddedAwsError(f"a fault is an object with {', '.join(sorted(known))}")
        fault = cls(**values)
        numbers = isinstance(fault.status, int) and isinstance(fault.count, int)
        texts = all(isinstance(text, str) for text in (fault.service, fault.operation, fault.code, fault.message))
        if not (numbers and texts and _LOWEST_ERROR <= fault.status <= _HIGHEST_ERROR and fault.count >= 0):
            raise EmbeddedAwsError("a fault has texts, a status of 400 to 599, and a count of 0 or more")
        try:
            re.compile("" if fault.operation == "*" else fault.operation)
        except re.error as error:
            raise EmbeddedAwsError(f"operation {fault.operation!r} is no regular expression: {error}") from error
        return fault

    def matches(self, service: str, operation: str, line: str) -> bool:
        """Whether a request meets this fault: its service, its operation if it names one, and `METHOD /path`."""
        if self.service not in {"*", service}:
            return False
        return self.operation in {"*", operation} or re.match(self.operation, line) is not None


class Faults:
    """The faults that are set now; safe to use from all threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let requests meet a fault from now on."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def all(self) -> list[dict[str, Any]]:
        """The faults that are set, as JSON values."""
        with self._lock:
            return [dataclasses.asdict(fault) for fault in self._faults]

    def meet(self, request: Request) -> Response | None:
        """The failure that this request meets; None when it meets none."""
        if not self._faults:
            return None
        service = signatures.service_of(request) or ""
        operation, line = operation_of(request), f"{request.method} {request.path}"
        with self._lock:
            fault = next((fault for fault in self._faults if fault.matches(service, operation, line)), None)
            if fault is None:
                return None
            fault.met += 1
            if fault.count and fault.met >= fault.count:
                self._faults.remove(fault)
        return _response(fault, service, as_form=request.mimetype == FORM)


def _response(fault: Fault, service: str, *, as_form: bool) -> Response:
    """The failure in the words of the protocol: XML for S3 and for requests in forms, JSON for all others."""
    code, message = _CODES.get(fault.status, ("InternalFailure", "A failure on demand of a test."))
    code, message = fault.code or code, fault.message or message
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": code}
    if as_form or service == "s3":
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        if service == "s3":
            body = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
        else:
            body = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
        return Response(body, status=fault.status, headers=headers, content_type="text/xml")
    body = json.dumps({"__type": code, "code": code, "message": message, "Message": message})
    return Response(body, status=fault.status, headers=headers, content_type="application/json")
