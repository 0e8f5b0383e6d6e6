"""Connections over real aiortc: loopback sockets, DTLS, SCTP.

`WHERRY_FULL=1` moves 64 MiB where 8 MiB move otherwise.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import resource
import sys
from typing import Any

import pytest

from wherry.connection import Datagrams, Greeting, State, Stream
from wherry.connection.engines.aiortc import AiortcEngine, AiortcLink
from wherry.connection.limits import CONNECTION_WINDOW_BYTES, MAX_STREAM_WINDOW_BYTES
from wherry.errors import FlowViolation, PeerClosed, ProtocolViolation, RemoteError, StreamReset
from wherry.testing.pairs import ALICE_INSTANCE, ConnectedPair, connected_pair

MIB = 1024 * 1024
LARGEST = 64 * MIB if os.environ.get("WHERRY_FULL") else 8 * MIB
BLOCK = os.urandom(MIB)


async def echo(stream: Stream) -> None:
    async for chunk in stream:
        await stream.write(chunk)


async def swallow(stream: Stream) -> None:
    async for _ in stream:
        pass


async def sleep_for_ever(_stream: Stream) -> None:
    await asyncio.Event().wait()


async def echo_datagrams(flow: Datagrams) -> None:
    async for datagram in flow:
        flow.send(datagram)


async def send(stream: Stream, size: int) -> str:
    """Write `size` bytes; their digest."""
    digest = hashlib.sha256()
    while size:
        block = BLOCK[:size]
        digest.update(block)
        await stream.write(block)
        size -= len(block)
    await stream.finish()
    return digest.hexdigest()


async def receive(stream: Stream) -> str:
    digest = hashlib.sha256()
    async for chunk in stream:
        digest.update(chunk)
    return digest.hexdigest()


async def there_and_back(pair: ConnectedPair, size: int) -> None:
    async with await pair.alice.open_stream("/echo/1") as stream, asyncio.TaskGroup() as group:
        sent = group.create_task(send(stream, size))
        got = group.create_task(receive(stream))
    assert sent.result() == got.result()


@pytest.mark.parametrize("size", [1, 64 * 1024, MIB, LARGEST])
@pytest.mark.timeout(300)
async def test_bytes_arrive_intact_both_ways(size: int) -> None:
    async with connected_pair(engine=AiortcEngine(), handlers={"/echo/1": echo}) as pair:
        await there_and_back(pair, size)


async def test_half_close_and_reset() -> None:
    caught: asyncio.Queue[Stream] = asyncio.Queue()

    async def catch(stream: Stream) -> None:
        await caught.put(stream)
        await asyncio.Event().wait()

    async with connected_pair(engine=AiortcEngine(), handlers={"/echo/1": echo, "/catch/1": catch}) as pair:
        async with await pair.alice.open_stream("/echo/1") as stream:
            await stream.write(b"said")
            await stream.finish()
            await stream.finished()
            assert await receive(stream) == hashlib.sha256(b"said").hexdigest()
        ours = await pair.alice.open_stream("/catch/1")
        await ours.write(b"x")
        theirs = await caught.get()
        ours.reset(5)
        with pytest.raises(StreamReset) as reset:
            await theirs.read_exactly(2)
        assert reset.value.reason == 5


async def test_a_link_is_switched_under_running_streams() -> None:
    async with connected_pair(engine=AiortcEngine(), handlers={"/echo/1": echo}) as pair:
        running = asyncio.create_task(there_and_back(pair, 4 * MIB))
        for _ in range(3):
            for _ in range(5):
                await pair.alice.ping()  # so that each link carries something
            await pair.connect()
        await running
        assert pair.alice.state is pair.bob.state is State.OPEN


async def test_a_link_dies_under_running_streams() -> None:
    async with connected_pair(engine=AiortcEngine(), handlers={"/echo/1": echo}) as pair:
        running = asyncio.create_task(there_and_back(pair, 2 * MIB))
        for _ in range(5):
            await pair.alice.ping()
        await pair.links[-1][0].close()
        await pair.connect()
        await running


async def test_a_reader_that_stops_while_others_go_on() -> None:
    async with connected_pair(engine=AiortcEngine(), handlers={"/echo/1": echo, "/sleep/1": sleep_for_ever}) as pair:
        await there_and_back(pair, MIB)  # what is allocated once is allocated now
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sleeper = await pair.alice.open_stream("/sleep/1")
        filling = asyncio.create_task(sleeper.write(bytes(64 * MIB)))
        await there_and_back(pair, 4 * MIB)
        assert not filling.done()
        pool = pair.bob._core.table.pool
        assert pool.received - pool.consumed <= MAX_STREAM_WINDOW_BYTES
        unit = 1 if sys.platform == "darwin" else 1024
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit
        assert grown < 64 * MIB + CONNECTION_WINDOW_BYTES + 10 * MIB  # the 64 MiB are the test's own
        filling.cancel()
        await asyncio.wait([filling])
        sleeper.reset()


class LossyTransport:
    """A socket's transport that loses and delays some of what is sent, from a seed."""

    def __init__(self, transport: asyncio.DatagramTransport, chance: random.Random) -> None:
        self._transport, self._chance = transport, chance

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        drawn = self._chance.random()
        if drawn < 0.01:
            return
        if drawn < 0.05:
            asyncio.get_running_loop().call_later(0.003, self._late, data, address)
        else:
            self._transport.sendto(data, address)

    def _late(self, data: bytes, address: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@pytest.mark.parametrize("seed", range(3))
async def test_packets_that_are_lost_or_late(seed: int) -> None:
    async with connected_pair(engine=AiortcEngine(), handlers={"/echo/1": echo}) as pair:
        chance = random.Random(seed)
        for link in pair.links[-1]:
            assert isinstance(link, AiortcLink)
            for protocol in link._ice._protocols:
                protocol.transport = LossyTransport(protocol.transport, chance)  # type: ignore[assignment]
        await there_and_back(pair, MIB // 2)
        assert pair.alice.state is State.OPEN


async def test_datagrams() -> None:
    async with (
        connected_pair(engine=AiortcEngine(), datagram_handlers={"/d/1": echo_datagrams}) as pair,
        await pair.alice.open_datagrams("/d/1") as flow,
    ):
        async with asyncio.timeout(10):
            while not flow.send(b"first"):
                await pair.alice.ping()
            assert await flow.receive() == b"first"
            for size in (0, 1200):
                flow.send(bytes(size))
                assert await flow.receive() == bytes(size)


async def test_many_streams_at_once() -> None:
    async with connected_pair(engine=AiortcEngine(), handlers={"/echo/1": echo}) as pair:

        async def one(number: int) -> None:
            async with await pair.alice.open_stream("/echo/1") as stream:
                await stream.write(b"%d" % number)
                await stream.finish()
                assert await stream.read_exactly(len(b"%d" % number)) == b"%d" % number

        async with asyncio.timeout(60):
            await asyncio.gather(*(one(number) for number in range(300)))


HOSTILE = {
    "half a frame": ("control", b"\x01"),
    "an oversized frame": ("control", b"\xee" * 16385),
    "random bytes": ("stream", bytes.fromhex("02ffffffffffffffffffffffffffffffffffffffffffff")),
    "DATA of a stream that never was": ("stream", bytes.fromhex("02000000000000620000000000000000") + b"x"),
    "text": ("control", b"GET / HTTP/1.1"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_a_hostile_peer_harms_its_own_connection_alone(case: str) -> None:
    lane, message = HOSTILE[case]
    engine = AiortcEngine()
    async with (
        connected_pair(engine=engine, handlers={"/echo/1": echo}) as good,
        connected_pair(engine=engine, handlers={"/echo/1": echo}) as bad,
    ):
        link = bad.links[-1][0]
        (link.control if lane == "control" else await link.open_lane(reliable=True)).send(message)
        async with asyncio.timeout(5):
            await bad.bob.closed
            await bad.alice.closed
        assert isinstance(bad.bob.error, ProtocolViolation | FlowViolation)
        assert isinstance(bad.alice.error, PeerClosed)
        await there_and_back(good, 1000)


async def test_the_wrong_certificate_does_not_connect() -> None:
    """Somebody on the path who can swap the SDP's fingerprint gets nothing: it is signed, and it is checked."""
    engine = AiortcEngine()
    ours, theirs, other = (engine.create(ice_servers=[]) for _ in range(3))
    answer = await theirs.answer(await ours.offer())
    [wrong] = [line for line in (await other.offer()).splitlines() if line.startswith("a=fingerprint")]
    lines = [wrong if line.startswith("a=fingerprint") else line for line in answer.splitlines()]
    await ours.accept("\r\n".join(lines) + "\r\n")
    with pytest.raises(RemoteError):
        async with asyncio.timeout(5):
            await ours.opened()
    for link in (ours, theirs, other):
        await link.close()


async def test_nobody_to_greet() -> None:
    """The link is open, and the other end never says HELLO; closing does not wait for it."""
    async with connected_pair(engine=AiortcEngine()) as pair:
        ours, _ = await pair.open_link()
        attaching = asyncio.create_task(
            pair.alice.attach(ours, Greeting(attempt=b"x" * 16, answer=b"y" * 16, instance=ALICE_INSTANCE))
        )
        await pair.alice.ping()
        attaching.cancel()
        await asyncio.wait([attaching])
        assert pair.alice.state is State.OPEN
