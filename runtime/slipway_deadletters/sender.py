"""Sends a letter to its function once more."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from slipway_deadletters import letters

if TYPE_CHECKING:
    from slipway_deadletters.store import Letter

_WAIT_S = 120


class UnreachableError(Exception):
    """The function's address does not answer at all; the message says why."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET without the event."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Sender:
    """Sends letters to functions.

    Args:
        address: Address of a function, with `{function}` in place of its name.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))

    def send(self, function: str, letter: Letter) -> int:
        """Send a letter; returns the status of the answer.

        Raises:
            UnreachableError: There is no answer.
        """
        headers, body = letters.again(letter)
        address = self._address.replace("{function}", function)
        request = urllib.request.Request(address, data=body, headers=headers, method="POST")  # noqa: S310 - checked
        try:
            with self._opener.open(request, timeout=_WAIT_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError as error:
            raise UnreachableError(str(getattr(error, "reason", error))) from error
