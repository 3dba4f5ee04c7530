"""Events as AWS's services send them, for calling a function the way a route, a bus, a schedule or a queue does.

Source of facts: AWS Lambda's guide for each service; how Slipway's runtime reads them is in docs/events.md.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

from slipway.running.calls import BusEvent, Message, Request, ScheduleRun, path_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.aws.clients import Aws
    from slipway.running.calls import Call


def payload_of(aws: Aws, call: Call) -> Any:
    """What Lambda's Invoke is given for a call."""
    what = call.what
    if isinstance(what, Request):
        return http(what, route=call.route, account=aws.account)
    if isinstance(what, BusEvent):
        return bus(
            type_=what.type,
            source=what.source,
            data=what.data,
            attributes=what.attributes,
            account=aws.account,
            region=aws.region,
        )
    if isinstance(what, ScheduleRun):
        return schedule(name=what.schedule, data=what.data)
    if isinstance(what, Message):
        arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{what.queue}"
        return queue(bodies=[what.body], arn=arn, region=aws.region)
    return what.value


def http(request: Request, *, route: str | None = None, account: str = "", domain: str = "localhost") -> dict[str, Any]:
    """An API Gateway v2 event (payload format 2.0), which Function URLs send, too.

    Args:
        request: The request.
        route: Path of the route with its `{name}` parts; None for a Function URL.
        account: Account number.
        domain: Host name that the request was sent to.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers.setdefault("host", domain)
    headers.setdefault("x-forwarded-proto", "https")
    headers.setdefault("user-agent", "slipway")
    if request.body:
        headers.setdefault("content-length", str(len(request.body)))
    now = dt.datetime.now(dt.UTC)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"ANY {route}" if route else "$default",
        "rawPath": unquote(request.path),
        "rawQueryString": urlencode(request.query, quote_via=quote),
        "headers": headers,
        "requestContext": {
            "accountId": account,
            "apiId": "slipway-invoke",
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": {
                "method": request.method,
                "path": unquote(request.path),
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers["user-agent"],
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": f"ANY {route}" if route else "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if request.query:
        grouped: dict[str, list[str]] = {}
        for name, value in request.query:
            grouped.setdefault(name, []).append(value)
        event["queryStringParameters"] = {name: ",".join(values) for name, values in grouped.items()}
    parameters = path_parameters(route, request.path) if route else None
    if parameters:
        event["pathParameters"] = parameters
    if request.body:
        event.update(_body(request.body))
    return event


def bus(
    *, type_: str, source: str, data: Any, attributes: Mapping[str, str] | None = None, account: str, region: str
) -> dict[str, Any]:
    """An EventBridge event that carries a CloudEvent: its type as `detail-type`, other attributes in `_attributes`."""
    detail: Any = data
    if attributes:
        detail = {**(data if isinstance(data, dict) else {"value": data}), "_attributes": dict(attributes)}
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": type_,
        "source": source,
        "account": account,
        "time": _now(),
        "region": region,
        "resources": [],
        "detail": detail,
    }


def schedule(*, name: str, data: Any) -> dict[str, Any]:
    """What a deployed schedule sends through EventBridge Scheduler."""
    return {"slipway": "schedule", "id": str(uuid.uuid4()), "time": _now(), "schedule": name, "data": data}


def queue(*, bodies: Sequence[Any], arn: str, region: str) -> dict[str, Any]:
    """An SQS batch with one message for each body; what is not text is sent as JSON."""
    sent = str(int(dt.datetime.now(dt.UTC).timestamp() * 1000))
    records = []
    for body in bodies:
        text = body if isinstance(body, str) else json.dumps(body)
        records.append(
            {
                "messageId": str(uuid.uuid4()),
                "receiptHandle": str(uuid.uuid4()),
                "body": text,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": sent,
                    "SenderId": "slipway-invoke",
                    "ApproximateFirstReceiveTimestamp": sent,
                },
                "messageAttributes": {},
                "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
                "awsRegion": region,
            }
        )
    return {"Records": records}


def _body(body: bytes) -> dict[str, Any]:
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
