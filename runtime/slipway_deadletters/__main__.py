"""`python -m slipway_deadletters`: the dead letter service of an environment.

Variables, all set by the deployment: `SLIPWAY_DEAD_LETTERS_FOLDER` (where events are kept),
`SLIPWAY_DEAD_LETTERS_BYTES` (how much may lie there), `SLIPWAY_FUNCTION_URL` (address of a function, with `{function}`
in place of its name), `SLIPWAY_LOG_LEVEL` and `PORT`.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from slipway_runtime import server_logs
from slipway_runtime.errors import StartupError
from slipway_runtime.server_process import number, serve, stop

from slipway_deadletters.sender import Sender
from slipway_deadletters.service import Service
from slipway_deadletters.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

_THREADS = 8
_GRACE_S = 30
_BYTES = 256 * 1024 * 1024


def main() -> None:
    """Serve until SIGTERM."""
    server_logs.configure({"K_SERVICE": "slipway-dead-letters", **os.environ})
    try:
        port = number(os.environ, "PORT", 8080)
    except StartupError as error:
        stop(error)
    else:
        serve(functools.partial(build, os.environ), port=port, threads=_THREADS, grace_s=_GRACE_S)


def build(environ: Mapping[str, str]) -> Service:
    """The WSGI application.

    Raises:
        StartupError: A variable is missing or wrong, or the folder cannot be used.
    """
    address = environ.get("SLIPWAY_FUNCTION_URL") or ""
    if not address.startswith(("http://", "https://")) or address.count("{function}") != 1:
        raise StartupError("the variable SLIPWAY_FUNCTION_URL must be an address with {function} in it")
    folder = Path(environ.get("SLIPWAY_DEAD_LETTERS_FOLDER") or "/data")
    store = Store(folder / "letters.sqlite", limit=number(environ, "SLIPWAY_DEAD_LETTERS_BYTES", _BYTES))
    return Service(store, Sender(address))


if __name__ == "__main__":
    main()
