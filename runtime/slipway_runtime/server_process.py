"""One gunicorn process with threads, as programs in containers run it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from slipway_runtime.errors import StartupError
from slipway_runtime.logs import log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KEEP_ALIVE_S = 120  # longer than proxies in front keep idle connections, so that none is closed under a request
_HEADER_BYTES = 16_380


def serve(load: Callable[[], Any], *, port: int, threads: int, grace_s: int) -> None:
    """Serve a WSGI application until SIGTERM, then let requests end and stop.

    Args:
        load: Makes the application, in the process that serves it: what it opens must not be shared by a fork.
        port: Port to listen on.
        threads: Requests at a time.
        grace_s: Seconds that requests have to end after SIGTERM.
    """
    options = {
        "bind": f"0.0.0.0:{port}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": threads,
        "timeout": 0,  # the proxy in front ends what takes too long
        "graceful_timeout": grace_s,
        "keepalive": _KEEP_ALIVE_S,
        "limit_request_line": 0,
        "limit_request_field_size": _HEADER_BYTES,
        # What proxies say is read by the application, and a caller must not move the path by a header.
        "forwarder_headers": "",
        "secure_scheme_headers": {},
        "control_socket_disable": True,
        "logger_class": _Logger,
        "loglevel": "warning",
    }
    _Gunicorn(load, options).run()


def number(environ: Mapping[str, str], name: str, default: int) -> int:
    """A variable that holds a number from 1.

    Raises:
        StartupError: It holds something else.
    """
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise StartupError(f"the variable {name} must be a number from 1, found {text!r}")
    return int(text)


def stop(error: StartupError) -> None:
    """Say why the program cannot start, and end it."""
    log.error("%s", error)
    sys.exit(Arbiter.APP_LOAD_ERROR)


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, load: Callable[[], Any], options: Mapping[str, Any]) -> None:
        self._load = load
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        try:
            return self._load()
        except StartupError as error:
            return stop(error)


class _Logger(Logger):  # type: ignore[misc]
    """Leaves it to the root logger how gunicorn's own lines look and where they go."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
        self.error_log.propagate = True
