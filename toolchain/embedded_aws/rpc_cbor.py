"""Speaks the protocol `rpc-v2-cbor` for moto, which answers the same operations in AWS's JSON protocol only.

AWS's SDK for Go, and with it the AWS provider, calls CloudWatch in no other protocol. The operation is in the path
`/service/{target}/operation/{operation}`; bodies are CBOR maps of the same members as in JSON.
Source: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

import functools
import io
import json
import re
from typing import TYPE_CHECKING, Any

import botocore.session
import cbor2
from botocore.parsers import create_parser
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from botocore.model import OperationModel

_PATH = re.compile(r"/service/(?P<target>[A-Za-z0-9_]+)/operation/(?P<operation>[A-Za-z0-9]+)")
_PROTOCOL = "rpc-v2-cbor"
_JSON = "application/x-amz-json-1.0"
_FIRST_ERROR = 300
# Services by the target in the path, as far as an SDK prefers this protocol and moto serves JSON.
_SERVICES = {"GraniteServiceVersion20100801": "cloudwatch"}


class RpcV2Cbor:
    """WSGI middleware: CBOR requests go on as JSON, and their answers come back as CBOR; all others pass untouched."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        match = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        if match is None or match["target"] not in _SERVICES or environ.get("REQUEST_METHOD") != "POST":
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            asked = cbor2.loads(body) if body else {}
        except cbor2.CBORDecodeError as error:
            return _answer({"__type": "SerializationException", "message": str(error)}, 400)(environ, start_response)
        target, operation = match["target"], match["operation"]
        content, status = self._as_json(environ, f"{target}.{operation}", asked)
        if status < _FIRST_ERROR:
            content = _typed(_SERVICES[target], operation, content)
        return _answer(content, status)(environ, start_response)

    def _as_json(self, environ: dict[str, Any], target: str, asked: Any) -> tuple[dict[str, Any], int]:
        body = json.dumps(asked, default=lambda moment: moment.timestamp()).encode()
        inner = {
            **environ,
            "PATH_INFO": "/",
            "RAW_URI": "/",
            "REQUEST_URI": "/",
            "HTTP_X_AMZ_TARGET": target,
            "CONTENT_TYPE": _JSON,
            "HTTP_CONTENT_TYPE": _JSON,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        inner.pop("HTTP_SMITHY_PROTOCOL", None)
        chunks, status, _ = run_wsgi_app(self._app, inner, buffered=True)
        text = b"".join(chunks)
        return (json.loads(text) if text.strip() else {}), int(status.split()[0])


@functools.cache
def _operation(service: str, name: str) -> OperationModel:
    return botocore.session.get_session().get_service_model(service).operation_model(name)


def _typed(service: str, operation: str, content: dict[str, Any]) -> dict[str, Any]:
    """The answer with times and blobs as such, which JSON cannot tell from numbers and texts."""
    shape = _operation(service, operation).output_shape
    if shape is None:
        return {}
    response = {"body": json.dumps(content).encode(), "headers": {}, "status_code": 200}
    parsed: dict[str, Any] = create_parser("json").parse(response, shape)
    parsed.pop("ResponseMetadata", None)
    return parsed


def _answer(content: dict[str, Any], status: int) -> Response:
    body = cbor2.dumps(content, datetime_as_timestamp=True)
    return Response(body, status=status, content_type="application/cbor", headers={"Smithy-Protocol": _PROTOCOL})
