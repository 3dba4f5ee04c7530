"""What AWS sends, built from a logical request: the tests' own reading of AWS's documents, not the adapter's."""

import base64
import urllib.parse

API_DOMAIN = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
URL_DOMAIN = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws"


def http_event(method="GET", target="/", headers=(), body=b"", *, front="api", stage="$default", text=False):
    """Payload format 2.0 as an HTTP API (`api`) or a Function URL (`url`) sends it.

    `target` is the percent-encoded path with query; `headers` are pairs as the caller sent them.
    """
    path, _, query = target.partition("?")
    domain = API_DOMAIN if front == "api" else URL_DOMAIN
    joined, cookies = {}, []
    for name, value in headers:
        key = name.lower()
        if key == "cookie":
            cookies += [part.strip() for part in value.split(";")]
        else:
            joined[key] = f"{joined[key]},{value}" if key in joined else value
    joined.setdefault("host", domain)
    joined |= {"x-forwarded-for": "203.0.113.7", "x-forwarded-port": "443", "x-forwarded-proto": "https"}
    shown = urllib.parse.unquote(path) if front == "api" else path
    if stage != "$default":
        shown = f"/{stage}{shown}"
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": shown,
        "rawQueryString": query,
        "headers": joined,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": domain.partition(".")[0],
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": {
                "method": method,
                "path": shown,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": stage,
            "time": "22/Nov/2026:08:00:00 +0000",
            "timeEpoch": 1795334400000,
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if body:
        event |= {
            "body": body.decode() if text else base64.b64encode(body).decode(),
            "isBase64Encoded": not text,
        }
    return event


def response_body(response):
    """The bytes that the gateway sends on."""
    return base64.b64decode(response["body"]) if response["isBase64Encoded"] else response["body"].encode()


def sqs_record(message_id, body, *, fifo=False, group=None, attributes=None):
    """One message of a batch."""
    record = {
        "messageId": message_id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1795334400123",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1795334400150",
        },
        "messageAttributes": {
            name: {
                "stringValue": value,
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
            for name, value in (attributes or {}).items()
        },
        "md5OfBody": "7b270e59b47ff90a553787216d55d91d",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:orders{'.fifo' if fifo else ''}",
        "awsRegion": "eu-central-1",
    }
    if group is not None:
        record["attributes"] |= {"MessageGroupId": group, "SequenceNumber": "18849496460467696128"}
    return record


def bus_event(**changes):
    """An event of EventBridge."""
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "com.example.order.paid",
        "source": "com.example.payments",
        "account": "123456789012",
        "time": "2026-11-22T08:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": {"order": "4711", "amount": 4048},
    } | changes


def schedule_event(**changes):
    """What a deployed schedule sends."""
    return {
        "slipway": "schedule",
        "id": "d32c5ddf-cb0e-4b5e-a6a5-1d1b1f6a2e11",
        "time": "2026-11-22T02:15:00Z",
        "schedule": "nightly-report",
        "data": {"days": 7},
    } | changes
