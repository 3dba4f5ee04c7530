"""Serves a function in a container: `python -m slipway_runtime.server`, gunicorn around the framework's own app.

Variables, all set by the deployment: those of `slipway_runtime.startup` but for secrets, which are variables already;
`SLIPWAY_MASKED` (see `masking`), `SLIPWAY_ROUTES` (see `server_routes`), `SLIPWAY_CONCURRENCY` (requests at a time),
`SLIPWAY_TIMEOUT` (seconds that a request may take, and what is left to requests after SIGTERM), `SLIPWAY_LOG_LEVEL` and
`PORT`.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

from slipway_runtime import masking, server_logs, startup
from slipway_runtime.errors import StartupError
from slipway_runtime.server_app import Server
from slipway_runtime.server_process import number, serve, stop
from slipway_runtime.server_routes import Routes
from slipway_runtime.server_tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPARE_THREADS = 2  # for probes, which must be answered while the function is busy


def main() -> None:
    """Serve until SIGTERM, then let requests end and stop."""
    environ = os.environ
    server_logs.configure(environ)
    masking.install(masking.from_environ(environ))
    try:
        port, grace_s = number(environ, "PORT", 8080), number(environ, "SLIPWAY_TIMEOUT", 30)
        threads = number(environ, "SLIPWAY_CONCURRENCY", 1) + _SPARE_THREADS
    except StartupError as error:
        stop(error)
    else:
        serve(functools.partial(build, environ), port=port, threads=threads, grace_s=grace_s)


def build(environ: Mapping[str, str]) -> Server:
    """The WSGI application of the function that the environment names.

    Raises:
        StartupError: A variable, the file or the function is missing or wrong.
    """
    routes = Routes.read(environ.get("SLIPWAY_ROUTES"))
    tokens = Tokens(routes.issuer, routes.audience) if routes.issuer else None
    app, signature = startup.load_app()
    return Server(app, signature, routes, tokens, concurrency=number(environ, "SLIPWAY_CONCURRENCY", 1))


if __name__ == "__main__":
    main()
