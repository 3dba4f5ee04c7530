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


class Signing(requests.auth.AuthBase):
    """Signs requests to a service of AWS with the account's credentials (AWS Signature Version 4)."""

    def __init__(self, aws: Aws, who: str, service: str) -> None:
        """Take the account.

        Args:
            aws: The account.
            who: What is being worked on, for messages.
            service: Name of the service in signatures, `es` for example.
        """
        self._aws = aws
        self._who = who
        self._service = service

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the signature.

        Raises:
            EngineError: There are no credentials.
        """
        body = request.body or b""
        method, url = request.method or "GET", request.url or ""
        headers = {"content-type": request.headers["content-type"]} if "content-type" in request.headers else {}
        request.headers.update(_sign(self._aws, self._who, self._service, AWSRequest(method, url, headers, body)))
        return request


def _signed(aws: Aws, name: str, url: str, request: Request) -> dict[str, str]:
    """The request's headers with a signature."""
    host = urlsplit(url).hostname or ""
    service = "lambda" if ".lambda-url." in host else "execute-api"
    signing = AWSRequest(method=request.method, url=url, data=request.body, headers=dict(request.headers))
    return _sign(aws, name, service, signing)


def _sign(aws: Aws, who: str, service: str, request: Any) -> dict[str, str]:
    with readable_errors(aws.environment, who):
        credentials = aws.session.get_credentials()
    if credentials is None:
        raise EngineError(
            f"{who}: a signed request is wanted and no AWS credentials were found; what to do: set AWS_PROFILE "
            "or sign in (`aws sso login`)"
        )
    SigV4Auth(credentials.get_frozen_credentials(), service, aws.region).add_auth(request)
    return {str(key): str(value) for key, value in request.headers.items()}
