"""What a request asks for, where the protocol says it."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

FORM = "application/x-www-form-urlencoded"
"""Type of bodies in AWS's query protocol."""


def operation_of(request: Request) -> str:
    """Name of the operation, from the target header or the form's `Action`; empty where the path alone says it.

    A form that was read is put back, so that whoever answers the request can read it again.
    """
    target = request.headers.get("X-Amz-Target", "")
    if target:
        return target.rpartition(".")[2]
    if request.mimetype == FORM:
        body = request.get_data()
        request.environ["wsgi.input"] = io.BytesIO(body)
        match = re.search(rb"(?:^|&)Action=([A-Za-z]+)", body)
        return match[1].decode() if match else ""
    return ""
