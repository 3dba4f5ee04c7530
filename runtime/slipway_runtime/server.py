"""Serves a function in a container: `python -m slipway_runtime.server`, gunicorn around the framework's own app.

Variables, all set by the deployment: those of `slipway_runtime.startup` but for secrets, which are variables already;
`SLIPWAY_ROUTES` (see `server_routes`), `SLIPWAY_CONCURRENCY` (requests at a time), `SLIPWAY_TIMEOUT` (seconds that a
request may take, and what is left to requests after SIGTERM), `SLIPWAY_LOG_LEVEL` and `PORT`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from slipway_runtime import server_logs, startup
from slipway_runtime.errors import StartupError
from slipway_runtime.logs import log
from slipway_runtime.server_app import Server
from slipway_runtime.server_routes import Routes
from slipway_runtime.server_tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPARE_THREADS = 2  # for probes, which must be answered while the function is busy
_KEEP_ALIVE_S = 120  # longer than proxies in front keep idle connections, so that none is closed under a request
_HEADER_BYTES = 16_380


def main() -> None:
    """Serve until SIGTERM, then let requests end and stop."""
    server_logs.configure(os.environ)
    try:
        options = _options(os.environ)
    except StartupError as error:
        log.error("%s", error)
        sys.exit(Arbiter.APP_LOAD_ERROR)
    _Gunicorn(options).run()


def build(environ: Mapping[str, str]) -> Server:
    """The WSGI application of the function that the environment names.

    Raises:
        StartupError: A variable, the file or the function is missing or wrong.
    """
    routes = Routes.read(environ.get("SLIPWAY_ROUTES"))
    tokens = Tokens(routes.issuer, routes.audience) if routes.issuer else None
    app, signature = startup.load_app()
    return Server(app, signature, routes, tokens, concurrency=_number(environ, "SLIPWAY_CONCURRENCY", 1))


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Server:
        # In the worker, after the fork: what a function opens when it is imported must not be shared.
        try:
            return build(os.environ)
        except StartupError as error:
            log.error("%s", error)
            sys.exit(Arbiter.APP_LOAD_ERROR)


class _Logger(Logger):  # type: ignore[misc]
    """Leaves it to the root logger how gunicorn's own lines look and where they go."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
        self.error_log.propagate = True


def _options(environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        "bind": f"0.0.0.0:{_number(environ, 'PORT', 8080)}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": _number(environ, "SLIPWAY_CONCURRENCY", 1) + _SPARE_THREADS,
        "timeout": 0,  # the proxy in front ends what takes too long
        "graceful_timeout": _number(environ, "SLIPWAY_TIMEOUT", 30),
        "keepalive": _KEEP_ALIVE_S,
        "limit_request_line": 0,
        "limit_request_field_size": _HEADER_BYTES,
        # What proxies say is read by `server_app`, and a caller must not move the path by a header.
        "forwarder_headers": "",
        "secure_scheme_headers": {},
        "control_socket_disable": True,
        "logger_class": _Logger,
        "loglevel": "warning",
    }


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise StartupError(f"the variable {name} must be a number from 1, found {text!r}")
    return int(text)


if __name__ == "__main__":
    main()
