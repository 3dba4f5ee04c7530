"""Tokens of routes with `auth: token`, checked as API Gateway's JWT authoriser checks them.

Facts: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from slipway_runtime.errors import StartupError
from slipway_runtime.logs import log
from slipway_runtime.server_routes import message

if TYPE_CHECKING:
    from collections.abc import Sequence

    import jwt
    from werkzeug.wrappers import Response

_ALGORITHMS = ("RS256", "RS384", "RS512")
"""RSA only, as API Gateway."""
_FETCH_S = 5
_AGAIN_S = 10.0  # keys are asked for again no more often, whatever tokens callers invent


class RefusedError(Exception):
    """A token is missing or not valid; the message is for the log."""


class Tokens:
    """Checks the tokens of one issuer; its keys are fetched when first needed, and kept.

    Args:
        issuer: Address of the issuer, which must be the `iss` claim.
        audience: Accepted values of the `aud` or `client_id` claim.

    Raises:
        StartupError: PyJWT is not in the image.
    """

    def __init__(self, issuer: str, audience: Sequence[str]) -> None:
        self._jwt = _library()
        self._issuer = issuer
        self._audience = frozenset(audience)
        self._lock = threading.Lock()
        self._keys: jwt.PyJWKClient | None = None
        self._asked = 0.0

    def refusal(self, header: str | None) -> Response | None:
        """The answer to a request whose token is not accepted; None if it is.

        Args:
            header: The header `Authorization`.
        """
        try:
            self._check(header)
        except RefusedError as error:
            log.info("token refused: %s", error)
            response = message(401, "Unauthorized")
            response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if header else "Bearer"
            return response
        return None

    def _check(self, header: str | None) -> None:
        if not header:
            raise RefusedError("there is none")
        token = header.partition(" ")[2] if header.lower().startswith("bearer ") else header
        try:
            key_id = self._jwt.get_unverified_header(token).get("kid")
            key = self._key(str(key_id))
            options: Any = {"verify_aud": False, "require": ["exp"]}
            claims = self._jwt.decode(token, key, algorithms=list(_ALGORITHMS), issuer=self._issuer, options=options)
        except self._jwt.PyJWTError as error:
            raise RefusedError(str(error)) from error
        found = claims.get("aud", claims.get("client_id"))
        if not self._audience & {str(value) for value in (found if isinstance(found, list) else [found])}:
            raise RefusedError("its audience is another")

    def _key(self, key_id: str) -> Any:
        with self._lock:
            try:
                known = self._client().get_signing_keys()
                found = next((key for key in known if key.key_id == key_id), None)
                if found is None and time.monotonic() - self._asked >= _AGAIN_S:
                    self._asked = time.monotonic()
                    known = self._client().get_signing_keys(refresh=True)
                    found = next((key for key in known if key.key_id == key_id), None)
            except (OSError, ValueError, KeyError, TypeError, self._jwt.PyJWTError) as error:
                log.error("issuer %s: its keys cannot be had, so its tokens are refused: %s", self._issuer, error)
                raise RefusedError("the issuer's keys cannot be had") from error
        if found is None:
            raise RefusedError("the issuer has no such key")
        return found.key

    def _client(self) -> jwt.PyJWKClient:
        if self._keys is None:
            if time.monotonic() - self._asked < _AGAIN_S and self._asked:
                raise ValueError("they could not be had a moment ago")
            self._asked = time.monotonic()
            context = ssl.create_default_context()
            address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            if not address.startswith(("https://", "http://")):
                raise ValueError("its address is neither https nor http")
            with urllib.request.urlopen(address, timeout=_FETCH_S, context=context) as answer:  # noqa: S310 - checked
                where = str(json.load(answer)["jwks_uri"])
            self._keys = self._jwt.PyJWKClient(where, cache_keys=True, timeout=_FETCH_S, ssl_context=context)
        return self._keys


def _library() -> Any:
    # Last on the path, so that a function's own dependencies always win.
    place = os.environ.get("SLIPWAY_SERVER_PATH")
    if place and place not in sys.path:
        sys.path.append(place)
    try:
        import jwt  # noqa: PLC0415 - only functions with such routes pay for it
    except ImportError as error:
        raise StartupError(f"routes with auth: token need PyJWT, which cannot be imported: {error}") from None
    return jwt
