"""Single requests to the API server, for what needs neither kubectl nor the whole client library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import requests
import urllib3.util

from toolchain.embedded_cluster.errors import EmbeddedClusterError

if TYPE_CHECKING:
    from toolchain.embedded_cluster.pki import ClientFiles

_TIMEOUT_S = 10.0
_NOT_FOUND = 404


class ApiError(EmbeddedClusterError):
    """The API server did not answer, or refused.

    Attributes:
        status: HTTP status, or None when there was no answer.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """The API server at one address, with one client certificate; connections are kept.

    Args:
        url: As in `https://127.0.0.1:4612`.
        client: Certificate, key and the authority that signed the server's.
    """

    def __init__(self, url: str, client: ClientFiles) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(client.authority)
        self._session.cert = (str(client.certificate), str(client.key))
        retries = urllib3.util.Retry(0)
        self._session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retries))

    def __enter__(self) -> Self:
        """Nothing is opened before the first request."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the kept connections."""
        self._session.close()

    def get(self, path: str, timeout_s: float = _TIMEOUT_S) -> Any:
        """An object or a list as JSON values; None when there is no such thing.

        Args:
            path: As in `/api/v1/nodes/slipway`.
            timeout_s: Longest time without an answer.

        Raises:
            ApiError: No answer, or a refusal.
        """
        response = self._send("GET", path, timeout_s)
        if response.status_code == _NOT_FOUND:
            return None
        self._check(response, "GET", path)
        return response.json()

    def text(self, path: str, timeout_s: float = _TIMEOUT_S) -> str:
        """What a path such as `/readyz` says; raises ApiError when it is not fine."""
        response = self._send("GET", path, timeout_s)
        self._check(response, "GET", path)
        return response.text

    def patch(self, path: str, body: Any, timeout_s: float = _TIMEOUT_S) -> Any:
        """Merge values into an object (strategic merge) and return it; raises ApiError."""
        response = self._send("PATCH", path, timeout_s, body, "application/strategic-merge-patch+json")
        self._check(response, "PATCH", path)
        return response.json()

    def _send(
        self, method: str, path: str, timeout_s: float, body: Any = None, content_type: str = "application/json"
    ) -> requests.Response:
        try:
            return self._session.request(
                method,
                f"{self.url}{path}",
                json=body,
                headers={"Content-Type": content_type, "Accept": "application/json"},
                timeout=timeout_s,
            )
        except requests.RequestException as error:
            raise ApiError(f"{method} {self.url}{path}: no answer ({error})") from error

    @staticmethod
    def _check(response: requests.Response, method: str, path: str) -> None:
        if not response.ok:
            raise ApiError(f"{method} {path}: {response.status_code} {response.text[:500]}", response.status_code)
