"""Who may call a route: anyone, holders of a valid token, or signers with the account's credentials."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import jwt
import requests

from toolchain.embedded_aws import http_response, signatures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Request, Response

    from toolchain.embedded_aws.config import Config

_ALGORITHMS = ["RS256", "RS384", "RS512"]
"""What API Gateway accepts: RSA only."""
_FETCH_S = 5.0
_log = logging.getLogger(__name__)


class RefusedError(Exception):
    """The request may not pass; carries the answer.

    Attributes:
        response: What the caller gets.
    """

    def __init__(self, response: Response, reason: str) -> None:
        super().__init__(reason)
        self.response = response


class Authorizers:
    """Checks requests; keeps the keys of token issuers."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._keys: dict[str, jwt.PyJWKClient] = {}
        self._lock = threading.Lock()

    def signed(self, request: Request, body: bytes, service: str, region: str) -> dict[str, Any]:
        """Check Signature Version 4 against the embedded account's credentials.

        Args:
            request: The request.
            body: Its body.
            service: Signing name: `execute-api` for routes, `lambda` for Function URLs.
            region: Region that it must be signed for.

        Returns:
            `{"iam": ...}` for the event.

        Raises:
            RefusedError: It is not signed, or not rightly.
        """
        reason = signatures.flaw(request, body, self._config, service, region)
        if reason is not None:
            _log.info("%s %s refused: %s", request.method, request.path, reason)
            raise RefusedError(http_response.message(403, "Forbidden"), reason)
        account = self._config.account
        user = {
            "accessKey": self._config.access_key,
            "accountId": account,
            "callerId": self._config.access_key,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": f"arn:aws:iam::{account}:user/{self._config.access_key}",
            "userId": self._config.access_key,
        }
        return {"iam": user}

    def token(self, request: Request, authorizer: Any, scopes: Sequence[str]) -> dict[str, Any]:
        """Check a JWT against its issuer's keys.

        Args:
            request: The request.
            authorizer: Moto's JWT authoriser.
            scopes: Scopes of which the token must have one; none means any token will do.

        Returns:
            `{"jwt": {"claims", "scopes"}}` for the event.

        Raises:
            RefusedError: There is no token, it is not valid, or its issuer cannot be reached.
        """
        token = _token_of(request, authorizer.identity_source)
        if not token:
            raise _unauthorized("no token")
        settings: Mapping[str, Any] = authorizer.jwt_config or {}
        issuer = str(settings.get("issuer") or settings.get("Issuer") or "")
        audience = [str(value) for value in settings.get("audience") or settings.get("Audience") or []]
        try:
            key = self._key_client(issuer).get_signing_key_from_jwt(token)
        except (requests.RequestException, jwt.PyJWKClientConnectionError, KeyError, ValueError) as error:
            _log.error("issuer %s: its keys cannot be had, so its tokens are refused: %s", issuer, error)
            raise _unauthorized("OIDC discovery endpoint communication error") from error
        except jwt.PyJWTError as error:
            raise _unauthorized(f"unable to find a key for the token: {error}") from error
        try:
            claims = jwt.decode(
                token, key.key, algorithms=_ALGORITHMS, issuer=issuer, options={"verify_aud": False, "require": ["exp"]}
            )
        except jwt.PyJWTError as error:
            raise _unauthorized(str(error)) from error
        return {"jwt": {"claims": _strings(claims), "scopes": _granted(claims, audience, scopes)}}

    def _key_client(self, issuer: str) -> jwt.PyJWKClient:
        with self._lock:
            client = self._keys.get(issuer)
        if client is None:
            address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            answer = requests.get(address, timeout=_FETCH_S)
            answer.raise_for_status()
            client = jwt.PyJWKClient(str(answer.json()["jwks_uri"]), cache_keys=True, timeout=int(_FETCH_S))
            with self._lock:
                self._keys[issuer] = client
        return client


def _token_of(request: Request, sources: str | Sequence[str] | None) -> str | None:
    for source in [sources] if isinstance(sources, str) else sources or ["$request.header.Authorization"]:
        kind, _, name = source.removeprefix("$request.").partition(".")
        value = request.headers.get(name) if kind == "header" else request.args.get(name)
        if value:
            return value.partition(" ")[2] if value.lower().startswith("bearer ") else value
    return None


def _granted(claims: Mapping[str, Any], audience: list[str], scopes: Sequence[str]) -> list[str] | None:
    found = claims.get("aud", claims.get("client_id"))
    audiences = found if isinstance(found, list) else [found]
    if not set(audience) & {str(value) for value in audiences}:
        raise _unauthorized("the token has an invalid audience")
    if not scopes:
        return None
    raw = claims.get("scope", claims.get("scp", ""))
    granted = set(raw if isinstance(raw, list) else str(raw).split())
    if not granted & set(scopes):
        raise RefusedError(http_response.message(403, "Forbidden"), "insufficient scope")
    return list(scopes)


def _strings(claims: Mapping[str, Any]) -> dict[str, str]:
    """Claims as API Gateway hands them over: all of them strings, lists in brackets."""
    return {
        name: f"[{' '.join(map(str, value))}]" if isinstance(value, list) else _text(value)
        for name, value in claims.items()
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unauthorized(reason: str) -> RefusedError:
    _log.info("token refused: %s", reason)
    response = http_response.message(401, "Unauthorized")
    response.headers["WWW-Authenticate"] = "Bearer" if reason == "no token" else 'Bearer error="invalid_token"'
    return RefusedError(response, reason)
