"""Calls a function by its real address, signed where the route wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from slipway.aws.clients import message_of, readable_errors
from slipway.core.errors import EngineError
from slipway.running import web

if TYPE_CHECKING:
    from slipway.aws.clients import Aws
    from slipway.running.calls import Answer, Request


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
    url = f"{base.rstrip('/')}{request.target}"
    headers = _signed(aws, name, url, request) if signed else request.headers
    try:
        return web.send(request.method, url, headers, request.body, use_proxies=aws.http_entry is None)
    except requests.RequestException as error:
        raise EngineError(message_of(error, aws.environment, f"{name} ({url})")) from error


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
