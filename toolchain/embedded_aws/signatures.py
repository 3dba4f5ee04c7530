"""Signature Version 4 of incoming requests: what they are for, and whether they are signed rightly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request"
)


def region_of(request: Request) -> str | None:
    """Region that a request was signed for, or None when it is not signed."""
    match = _HEADER.match(request.headers.get("Authorization", ""))
    return match["region"] if match else None


def service_of(request: Request) -> str | None:
    """Signing name of the service that a request is for, or None when it is not signed."""
    match = _HEADER.match(request.headers.get("Authorization", ""))
    return match["service"].lower() if match else None
