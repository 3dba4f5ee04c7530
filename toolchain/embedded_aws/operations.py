"""What a request asks for, where the protocol says it."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

_RPC = re.compile(r"/service/[^/]+/operation/([A-Za-z0-9]+)")
FORM = "application/x-www-form-urlencoded"
"""Type of bodies in AWS's query protocol."""


def operation_of(request: Request) -> str:
    """Name of the operation, from the target header, the RPC path or the form's `Action`; empty for REST.

    A form that was read is put back, so that whoever answers the request can read it again.
    """
    target = request.headers.get("X-Amz-Target", "")
    if target:
        return target.rpartition(".")[2]
    if match := _RPC.fullmatch(request.path):
        return match[1]
    if request.mimetype == FORM:
        body = request.get_data()
        request.environ["wsgi.input"] = io.BytesIO(body)
        action = re.search(rb"(?:^|&)Action=([A-Za-z]+)", body)
        return action[1].decode() if action else ""
    return ""
