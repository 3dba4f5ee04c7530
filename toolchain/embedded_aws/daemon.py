"""The process of the embedded AWS: composes its parts, serves both ports, and ends cleanly on a signal.

Run by `lifecycle.start` as `python -m toolchain.embedded_aws.daemon CONFIG INSTANCE`.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import psutil
from filelock import FileLock, Timeout
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from toolchain.embedded_aws import record
from toolchain.embedded_aws.config import Config
from toolchain.embedded_aws.record import Record

if TYPE_CHECKING:
    from types import FrameType

_LOG_BYTES = 2 * 1024 * 1024
_LOG_FILES = 3
_REAP_S = 5.0
_log = logging.getLogger("toolchain.embedded_aws")


class Daemon:
    """All parts of a running embedded AWS."""

    def __init__(self, config: Config, instance: str) -> None:
        # Moto takes seconds to import; a second daemon of this checkout must find out sooner that it is not needed.
        from moto.moto_server.werkzeug_app import (  # noqa: PLC0415
            DomainDispatcherApplication,
            MotoRequestHandler,
            create_backend_app,
        )

        from toolchain.embedded_aws.parts import Parts  # noqa: PLC0415
        from toolchain.embedded_aws.rpc_cbor import RpcV2Cbor  # noqa: PLC0415

        self.config = config
        self._ended = threading.Event()
        self._parts = Parts(config, RpcV2Cbor(DomainDispatcherApplication(create_backend_app)), self.status)
        self._instance = self._parts.keeper.restore(instance)
        self._servers: list[BaseWSGIServer] = [
            make_server(config.host, port, application, threaded=True, request_handler=handler)
            for port, application, handler in (
                (config.api_port, self._parts.gateway, _quiet(MotoRequestHandler)),
                (config.entry_port, self._parts.entry, _quiet(WSGIRequestHandler)),
            )
        ]

    def status(self) -> dict[str, Any]:
        """What `lifecycle.status` asks a running daemon for."""
        return {"service": record.SERVICE, **_record(self.config, self._instance).to_json()}

    def serve(self) -> None:
        """Serve until a signal says to end."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)
        for server in self._servers:
            threading.Thread(target=server.serve_forever, name=f"port-{server.port}", daemon=True).start()
        self._parts.start()
        record.write(self.config.state, _record(self.config, self._instance))
        _log.info("instance %s serves %s and %s", self._instance, self.config.api_url, self.config.entry_url)
        while not self._ended.wait(_REAP_S):
            self._parts.tidy()
        for server in self._servers:
            server.shutdown()
        self._parts.close()
        record.remove(self.config.state, os.getpid())
        _log.info("instance %s ended", self._instance)

    def _end(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._ended.set()


def _record(config: Config, instance: str) -> Record:
    """Who this process is, as written down for later commands."""
    me = psutil.Process()
    return Record(
        pid=me.pid,
        created=me.create_time(),
        instance=instance,
        state=str(config.state),
        api_url=config.api_url,
        entry_url=config.entry_url,
        code=record.CODE,
    )


def _quiet(handler: type[Any]) -> type[Any]:
    """A request handler that logs problems only, to our log."""

    class Quiet(handler):  # type: ignore[misc]
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's signature
            _log.log(logging.ERROR if type == "error" else logging.DEBUG, message, *args)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    return Quiet


def _log_to(config: Config) -> None:
    handler = logging.handlers.RotatingFileHandler(
        config.state / "log.txt", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(capture=True)
    for chatty in ("werkzeug", "botocore", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def main() -> None:
    """Serve one embedded AWS until it is told to end."""
    config, instance = Config.from_json(sys.argv[1]), sys.argv[2]
    config.state.mkdir(parents=True, exist_ok=True)
    _log_to(config)
    lock = FileLock(config.state / "daemon.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        sys.exit(record.ALREADY_RUNNING)
    # Written before anything that may hang, so that the next start can end this process.
    record.write(config.state, _record(config, instance))
    try:
        daemon = Daemon(config, instance)
    except OSError as error:
        _log.exception("cannot serve")
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    daemon.serve()


if __name__ == "__main__":
    main()
