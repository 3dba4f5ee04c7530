import asyncio
import socket

import pytest

from toolchain.embedded_cluster.relay import Relay


def listener():
    made = socket.create_server(("127.0.0.1", 0))
    made.setblocking(False)
    return made


async def through(handle, use):
    """Run `use(reader, writer)` against `handle` behind a relay."""
    behind = await asyncio.start_server(handle, "127.0.0.1", 0)
    outside = listener()
    relay = asyncio.create_task(Relay(outside, *behind.sockets[0].getsockname()).serve())
    reader, writer = await asyncio.open_connection(*outside.getsockname())
    try:
        async with asyncio.timeout(30):
            return await use(reader, writer)
    finally:
        writer.close()
        relay.cancel()
        behind.close()
        await asyncio.gather(relay, return_exceptions=True)


def test_the_end_of_one_direction_leaves_the_other_open():
    async def counts(reader, writer):
        data = await reader.read()  # until the end that the client declares
        writer.write(str(len(data)).encode())
        writer.close()

    async def sends(reader, writer):
        writer.write(b"x" * 5_000_000)
        writer.write_eof()
        return await reader.read()

    assert asyncio.run(through(counts, sends)) == b"5000000"


def test_a_server_that_ends_first_still_hears_the_client():
    heard = asyncio.Queue()

    async def ends(reader, writer):
        writer.write(b"bye")
        writer.write_eof()
        await heard.put(await reader.read())
        writer.close()

    async def answers(reader, writer):
        said = await reader.read()
        writer.write(b"still here")
        writer.write_eof()
        return said, await heard.get()

    assert asyncio.run(through(ends, answers)) == (b"bye", b"still here")


def test_an_aborted_connection_is_aborted_behind_too():
    ended = asyncio.Event()

    async def waits(reader, writer):
        try:
            await reader.read()
        except ConnectionError:
            pass
        finally:
            ended.set()
            writer.close()

    async def aborts(reader, writer):
        writer.write(b"x")
        await writer.drain()
        writer.transport.abort()
        await ended.wait()
        return True

    assert asyncio.run(through(waits, aborts))


def test_without_anybody_behind_the_client_is_turned_away_and_the_next_one_is_heard():
    async def run():
        with socket.create_server(("127.0.0.1", 0)) as closed:
            target = closed.getsockname()
        outside = listener()
        relay = asyncio.create_task(Relay(outside, *target).serve())
        for _ in range(2):
            reader, writer = await asyncio.open_connection(*outside.getsockname())
            async with asyncio.timeout(30):
                with pytest.raises(ConnectionResetError):
                    assert await reader.read() == b"never"
            writer.close()
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)

    asyncio.run(run())
