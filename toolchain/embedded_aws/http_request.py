"""HTTP requests as events of payload format 2.0.

Facts: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request

_TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What a request came in by: an API's route or a Function URL.

    Attributes:
        account: Account number.
        api_id: Id of the API, or of the Function URL.
        domain: Host name that AWS would serve it at.
        route_key: Key of the route; `$default` for a Function URL.
        stage: Name of the stage.
        path: The path as this kind of entry hands it over: decoded by an HTTP API, as sent by a Function URL.
        parameters: Path parameters.
        stage_variables: Variables of the stage.
        authorizer: What the authoriser found out, in the event's form; None without one.
    """

    account: str
    api_id: str
    domain: str
    route_key: str
    stage: str
    path: str
    parameters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    stage_variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    authorizer: Mapping[str, Any] | None = None


def raw_target(request: Request) -> tuple[str, str]:
    """Path and query of a request as they were sent, percent-encoded."""
    target = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path
    path, _, query = str(target).partition("?")
    return path or "/", query


def request_id() -> str:
    """An id in API Gateway's form."""
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()


def event(request: Request, origin: Origin, identity: str, trace_id: str) -> dict[str, Any]:
    """The event of a request.

    Args:
        request: The request.
        origin: What it came in by.
        identity: Request id.
        trace_id: X-Ray trace header.
    """
    _, raw_query = raw_target(request)
    now = time.time()
    context: dict[str, Any] = {
        "accountId": origin.account,
        "apiId": origin.api_id,
        "domainName": origin.domain,
        "domainPrefix": origin.domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": origin.path,
            "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            "sourceIp": request.remote_addr or "127.0.0.1",
            "userAgent": request.headers.get("User-Agent", ""),
        },
        "requestId": identity,
        "routeKey": origin.route_key,
        "stage": origin.stage,
        "time": dt.datetime.fromtimestamp(now, tz=dt.UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now * 1000),
    }
    if origin.authorizer:
        context["authorizer"] = dict(origin.authorizer)
    result: dict[str, Any] = {
        "version": "2.0",
        "routeKey": origin.route_key,
        "rawPath": origin.path,
        "rawQueryString": raw_query,
        "headers": _headers(request, trace_id),
        "requestContext": context,
        "isBase64Encoded": False,
    }
    cookies = [part.strip() for part in request.headers.get("Cookie", "").split(";") if part.strip()]
    optional = {
        "cookies": cookies,
        "queryStringParameters": _query(raw_query),
        "pathParameters": dict(origin.parameters),
        "stageVariables": dict(origin.stage_variables),
    }
    result |= {name: value for name, value in optional.items() if value}
    return result | _body(request)


def _headers(request: Request, trace_id: str) -> dict[str, str]:
    """Lower-case names; the server has joined repeated headers with commas; cookies travel apart."""
    headers = {
        name.lower(): value for name, value in request.headers.items() if name.lower() not in {"cookie", *_HOP_BY_HOP}
    }
    client = request.remote_addr or "127.0.0.1"
    earlier = headers.get("x-forwarded-for")
    return headers | {
        "x-amzn-trace-id": headers.get("x-amzn-trace-id", trace_id.partition(";")[0]),
        "x-forwarded-for": f"{earlier}, {client}" if earlier else client,
        "x-forwarded-port": str(request.environ.get("SERVER_PORT", "")),
        "x-forwarded-proto": request.scheme,
    }


def _query(raw_query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(raw_query, keep_blank_values=True):
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _body(request: Request) -> dict[str, Any]:
    body = request.get_data()
    if not body:
        return {}
    kind = request.mimetype
    if not kind or kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(("+json", "+xml")):
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
