"""Asks stores of logs by HTTP; what passes is tried again, what does not says which sink, where, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from slipway.core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests.auth import AuthBase

_CONNECT_TIMEOUT_S = 10
_READ_TIMEOUT_S = 60
_SHOWN = 300
# Every request only reads, also those that have a body.
_RETRY = Retry(
    total=4,
    connect=3,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods={"GET", "POST"},
    backoff_factor=0.3,
    raise_on_status=False,
)
_REFUSED = {401, 403}
_LOOPBACK = re.compile(r"localhost|.*\.localhost|127\.\d+\.\d+\.\d+|::1")
_SCHEME = re.compile(r"(?:Basic|Bearer|ApiKey) \S+", re.IGNORECASE)


def token_variable(sink: str) -> str:
    """Variable of the environment from which the token for reading a sink's store is taken."""
    return f"SLIPWAY_SINK_{re.sub('[^A-Z0-9]', '_', sink.upper())}_TOKEN"


def without_credentials(address: str) -> str:
    """An address as it may be shown."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


class RefusedError(EngineError):
    """The store does not take the request as it is.

    Attributes:
        status: Its HTTP status.
        said: What it says, whole.
    """

    def __init__(self, message: str, status: int, said: str) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


class Web:
    """A store behind an HTTP address.

    Attributes:
        sink: Name of the sink.
        where: Address for people.
    """

    def __init__(
        self,
        sink: str,
        address: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
    ) -> None:
        """Take the address.

        Args:
            sink: Name of the sink.
            address: Address, without the paths of the store's API.
            token: Token, or a whole value of `Authorization`: `Basic ...`, `ApiKey ...`.
            headers: Headers of each request.
            auth: What signs each request.
        """
        self.sink = sink
        self.where = without_credentials(address)
        self._address = address.rstrip("/")
        self._session = requests.Session()
        # An embedded store is on loopback, which no proxy reaches; a netrc is no place for what settings do not name.
        self._session.trust_env = not _LOOPBACK.fullmatch(urlsplit(address).hostname or "")
        self._session.headers.update({"user-agent": "slipway", **(headers or {})})
        self._session.auth = auth
        if token and auth is None:
            self._session.auth = _Token(token)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=_RETRY))

    def get(self, path: str, query: Mapping[str, str | int]) -> Any:
        """The JSON answer to a GET.

        Raises:
            RefusedError: The store does not take the request.
            EngineError: It cannot be reached, or fails.
        """
        return self._json("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any], query: Mapping[str, str] | None = None) -> Any:
        """The JSON answer to a POST, whose body says what is asked.

        Raises:
            RefusedError: The store does not take the request.
            EngineError: It cannot be reached, or fails.
        """
        return self._json("POST", path, params=query, json=body)

    def _json(self, method: str, path: str, **arguments: Any) -> Any:
        timeout = (_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S)
        try:
            response = self._session.request(
                method, f"{self._address}{path}", timeout=timeout, allow_redirects=False, **arguments
            )
            if response.ok and not response.is_redirect:
                return response.json()
        except requests.RequestException as error:
            raise EngineError(
                f"sink {self.sink} ({self.where}): does not answer as a store of logs: {_short(error)}; what to do: "
                "check the address in slipway:sinks, and that it is reached from this machine"
            ) from error
        said = " ".join(response.text.split())
        shown, remedy = said[:_SHOWN] or "nothing", self._remedy(response)
        raise RefusedError(
            f"sink {self.sink} ({self.where}): answered {response.status_code}: {shown}; what to do: {remedy}",
            response.status_code,
            said,
        )

    def _remedy(self, response: requests.Response) -> str:
        if response.status_code in _REFUSED:
            return f"set {token_variable(self.sink)} to a token that may read there"
        if response.is_redirect:
            return "give the address to which it redirects in slipway:sinks"
        return "compare the sink in slipway:sinks with what the store serves, and look at the store's own log"


class _Token(requests.auth.AuthBase):
    """Adds a token; unlike a header of the session, it gives no way to a netrc."""

    def __init__(self, token: str) -> None:
        self._value = token if _SCHEME.fullmatch(token) else f"Bearer {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["authorization"] = self._value
        return request


def _short(error: requests.RequestException) -> str:
    """What happened, without addresses, in which a password may stand."""
    inner = error.args[0] if error.args else error
    reason = getattr(inner, "reason", None) or inner
    return re.sub(r"^.*object at 0x[0-9a-f]+>: |\bhttps?://\S+", "", str(reason)).strip() or type(error).__name__
