"""Signature Version 4 of incoming requests: what they are for, and whether they are signed rightly."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from toolchain.embedded_aws.config import Config

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request"
)

_COMPLETE = re.compile(
    _HEADER.pattern + r",\s*SignedHeaders=(?P<names>[a-z0-9;_.-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW = dt.timedelta(minutes=5)


def region_of(request: Request) -> str | None:
    """Region that a request was signed for, or None when it is not signed."""
    match = _HEADER.match(request.headers.get("Authorization", ""))
    return match["region"] if match else None


def service_of(request: Request) -> str | None:
    """Signing name of the service that a request is for, or None when it is not signed."""
    match = _HEADER.match(request.headers.get("Authorization", ""))
    return match["service"].lower() if match else None


def flaw(request: Request, body: bytes, config: Config, service: str, region: str) -> str | None:
    """What is wrong with a request's signature, or None when it is right.

    Args:
        request: The request.
        body: Its body.
        config: Holds the credentials of the embedded AWS.
        service: Signing name of the service that it must be signed for.
        region: Region that it must be signed for.
    """
    match = _COMPLETE.fullmatch(request.headers.get("Authorization", ""))
    if match is None:
        return "it is not signed with Signature Version 4"
    if match["key"] != config.access_key:
        return "it is signed with an unknown access key"
    if (match["service"], match["region"]) != (service, region):
        return f"it is signed for {match['service']} in {match['region']}, not for {service} in {region}"
    stamp = request.headers.get("X-Amz-Date", "")
    names = match["names"].split(";")
    if "host" not in names or not _recent(stamp, match["date"]):
        return "it was signed more than 5 minutes ago or ahead, or without its host"
    expected = _signature(request, body, config, match, stamp)
    return None if hmac.compare_digest(expected, match["signature"]) else "the signature does not match"


def _signature(request: Request, body: bytes, config: Config, match: re.Match[str], stamp: str) -> str:
    """The signature that botocore gives to the same request."""
    target = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path
    headers = {name: request.headers.get(name, "") for name in match["names"].split(";")}
    digest = request.headers.get("X-Amz-Content-SHA256")
    if digest and digest != hashlib.sha256(body).hexdigest():
        return ""
    copy = AWSRequest(request.method, f"http://{request.host}{target}", headers=headers, data=body)
    copy.context["timestamp"] = stamp
    credentials = Credentials(config.access_key, config.secret_key)
    signer = SigV4Auth(credentials, match["service"], match["region"])
    text = signer.string_to_sign(copy, signer.canonical_request(copy))
    return str(signer.signature(text, copy))


def _recent(stamp: str, day: str) -> bool:
    try:
        moment = dt.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return False
    return stamp.startswith(day) and abs(dt.datetime.now(tz=dt.UTC) - moment) <= _SKEW
