"""Sends a request to a function's address, at most once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from slipway.running.calls import Answer, text_or_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_TIMEOUT_S = 10
CALL_TIMEOUT_S = 910
"""A function runs for 900 s at the most, on both targets."""

NOT_TWICE = Retry(total=None, connect=3, read=0, redirect=0, status=0, other=0, backoff_factor=0.2)
"""Only what never reached the function is tried again."""


def send(method: str, url: str, headers: Mapping[str, str], body: bytes, *, use_proxies: bool) -> Answer:
    """Send a request and wait as long as a function may run.

    Args:
        method: HTTP method.
        url: Whole address.
        headers: Headers; `Host` among them wins over that of the address.
        body: Body.
        use_proxies: Whether the proxies of the environment variables are for this address.

    Raises:
        requests.RequestException: The address cannot be reached, or the answer broke off.
    """
    started = time.monotonic()
    with requests.Session() as session:
        session.trust_env = use_proxies
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=NOT_TWICE))
        response = session.request(
            method,
            url,
            data=body,
            headers=dict(headers),
            timeout=(CONNECT_TIMEOUT_S, CALL_TIMEOUT_S),
            allow_redirects=False,
        )
    return Answer(
        status=response.status_code,
        body=text_or_bytes(response.content),
        headers=dict(response.headers),
        error=None,
        log="",
        duration_ms=round((time.monotonic() - started) * 1000, 2),
        version="",
    )
