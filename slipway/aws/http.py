"""Calls a function by its real address, signed where the route wants it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from slipway.aws.clients import message_of, readable_errors
from slipway.aws.invoke import Answer
from slipway.core.errors import EngineError

if TYPE_CHECKING:
    from slipway.aws.clients import Aws
    from slipway.aws.payloads import Request

_TIMEOUT_S = (10, 910)
# Only what never reached the function is tried again.
_RETRY = Retry(total=None, connect=3, read=0, redirect=0, status=0, other=0, backoff_factor=0.2)


def call(aws: Aws, name: str, base: str, request: Request, *, signed: bool) -> Answer:
    """Send a request to a function's address.

    Args:
        aws: The account.
        name: Name of the function, for messages.
        base: Address without the request's path.
        request: The request.
        signed: Whether to sign it with the account's credentials (routes with `auth: iam`).

    Raises:
        EngineError: The address cannot be reached, or there are no credentials to sign with.
    """
    query = f"?{urlencode(request.query)}" if request.query else ""
    url = f"{base.rstrip('/')}{request.path}{query}"
    headers = dict(request.headers)
    if signed:
        headers = _signed(aws, name, url, request)
    started = time.monotonic()
    try:
        with requests.Session() as session:
            session.trust_env = aws.http_entry is None
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=_RETRY))
            response = session.request(
                request.method, url, data=request.body, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False
            )
    except requests.RequestException as error:
        raise EngineError(message_of(error, aws.environment, f"{name} ({url})")) from error
    return Answer(
        status=response.status_code,
        body=_text(response),
        headers=dict(response.headers),
        error=None,
        log="",
        duration_ms=round((time.monotonic() - started) * 1000, 2),
        version="",
    )


def _signed(aws: Aws, name: str, url: str, request: Request) -> dict[str, str]:
    """The request's headers with a signature (AWS Signature Version 4)."""
    host = urlsplit(url).hostname or ""
    service = "lambda" if ".lambda-url." in host else "execute-api"
    with readable_errors(aws.environment, name):
        credentials = aws.session.get_credentials()
    if credentials is None:
        raise EngineError(
            f"{name}: its route wants a signed request and no AWS credentials were found; what to do: set AWS_PROFILE "
            "or sign in (`aws sso login`)"
        )
    signing: Any = AWSRequest(method=request.method, url=url, data=request.body, headers=dict(request.headers))
    SigV4Auth(credentials.get_frozen_credentials(), service, aws.region).add_auth(signing)
    return {str(key): str(value) for key, value in signing.headers.items()}


def _text(response: requests.Response) -> str | bytes:
    try:
        return response.content.decode()
    except UnicodeDecodeError:
        return response.content
