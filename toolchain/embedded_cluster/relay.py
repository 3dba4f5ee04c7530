"""Carries connections from the machine's loopback into the cluster's network namespace.

A socket belongs to the network namespace in which it was made. The listening ones were made outside and are inherited;
those that this process opens itself are inside. So the cluster is reached without an interface or a firewall rule on
the machine. Run as `python -m toolchain.embedded_cluster.relay FD=HOST:PORT ...`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import sys

_CHUNK = 1 << 18
_BACKLOG = 512
_CONNECT_S = 10.0
_KEEPALIVE_S = 60
_log = logging.getLogger(__name__)


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction until its end, which is passed on as the end of that direction alone."""
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


class Relay:
    """Accepts on one listening socket and connects to one address.

    Args:
        listener: The socket, bound and listening.
        host: Where to connect to.
        port: The port there.
    """

    def __init__(self, listener: socket.socket, host: str, port: int) -> None:
        self._listener, self._host, self._port = listener, host, port

    async def serve(self) -> None:
        """Accept and carry until cancelled."""
        server = await asyncio.start_server(self._accepted, sock=self._listener, backlog=_BACKLOG, limit=_CHUNK)
        async with server:
            await server.serve_forever()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _keep_alive(writer)
        try:
            async with asyncio.timeout(_CONNECT_S):
                there, back = await asyncio.open_connection(self._host, self._port, limit=_CHUNK)
        except (OSError, TimeoutError) as error:
            _log.warning("%s:%d does not answer: %s", self._host, self._port, error or "timeout")
            _reset(writer)
            return
        _keep_alive(back)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(carry(reader, back))
                group.create_task(carry(there, writer))
        except* OSError:
            # One side is gone without a farewell; the other learns it the same way.
            _reset(writer)
            _reset(back)
        finally:
            for stream in (writer, back):
                stream.close()
                with contextlib.suppress(OSError):
                    await stream.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection so that the peer sees a failure: a plain end could pass for the end of an answer."""
    sock: socket.socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Notice peers that vanished, and send small messages at once."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_S)


async def run(relays: list[Relay]) -> None:
    """Serve all of them until one fails."""
    async with asyncio.TaskGroup() as group:
        for relay in relays:
            group.create_task(relay.serve())


def main() -> None:
    """Serve what the command line names; ends by a signal."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    relays = []
    for argument in sys.argv[1:]:
        descriptor, _, target = argument.partition("=")
        host, _, port = target.rpartition(":")
        listener = socket.socket(fileno=int(descriptor))
        listener.setblocking(False)
        relays.append(Relay(listener, host, int(port)))
    asyncio.run(run(relays))


if __name__ == "__main__":
    main()
