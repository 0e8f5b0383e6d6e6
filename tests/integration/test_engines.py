"""What every engine must do, tried on each: aiortc over real sockets, and the one in memory."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from wherry.connection.engines.aiortc import AiortcEngine
from wherry.connection.engines.memory import MemoryEngine
from wherry.connection.limits import MAX_FRAME_BYTES
from wherry.connection.link import Engine, Lane, Link
from wherry.errors import ConnectionLost, NegotiationFailed

ENGINES = [pytest.param(AiortcEngine, id="aiortc"), pytest.param(MemoryEngine, id="memory")]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    made: Engine = request.param()
    return made


@asynccontextmanager
async def joined(engine: Engine) -> AsyncIterator[tuple[Link, Link]]:
    ours, theirs = engine.create(ice_servers=[]), engine.create(ice_servers=[])
    try:
        await ours.accept(await theirs.answer(await ours.offer()))
        async with asyncio.timeout(10):
            await asyncio.gather(ours.opened(), theirs.opened())
        yield ours, theirs
    finally:
        await ours.close()
        await theirs.close()


class Sink:
    """What came on a lane."""

    def __init__(self, lane: Lane) -> None:
        self.messages: list[bytes] = []
        self.changed = asyncio.Event()
        lane.on_message = self.take

    def take(self, data: bytes) -> None:
        self.messages.append(data)
        self.changed.set()

    async def count(self, number: int) -> list[bytes]:
        async with asyncio.timeout(20):
            while len(self.messages) < number:
                self.changed.clear()
                await self.changed.wait()
        return self.messages


async def arrived(link: Link) -> Lane:
    future: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()
    link.on_lane = future.set_result
    async with asyncio.timeout(5):
        return await future


async def test_the_control_lane_carries_messages_both_ways(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        ours.control.send(b"hello")
        theirs.control.send(b"and you")
        assert await Sink(theirs.control).count(1) == [b"hello"]
        assert await Sink(ours.control).count(1) == [b"and you"]
        assert ours.stats().path in ("direct_lan", "memory")
        assert ours.heard_at <= asyncio.get_running_loop().time()


async def test_a_reliable_lane_keeps_its_order_and_can_be_sent_on_at_once(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        messages = [bytes([number]) * (1 + number * 400 % MAX_FRAME_BYTES) for number in range(100)]
        lane = await ours.open_lane(reliable=True)
        for message in messages:
            lane.send(message)
        other = await arrived(theirs)
        assert other.reliable
        other.send(b"back")
        assert await Sink(other).count(len(messages)) == messages
        assert await Sink(lane).count(1) == [b"back"]


async def test_an_unreliable_lane_keeps_boundaries(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        lane = await ours.open_lane(reliable=False)
        lane.send(b"x" * 1200)
        other = await arrived(theirs)
        assert not other.reliable
        assert await Sink(other).count(1) == [b"x" * 1200]


async def test_closing_a_lane_comes_after_what_was_sent_on_it(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        lane = await ours.open_lane(reliable=True)
        lane.send(b"last")
        other = await arrived(theirs)
        closed = asyncio.Event()
        other.on_closed = closed.set
        lane.close()
        async with asyncio.timeout(5):
            await closed.wait()
        assert await Sink(other).count(1) == [b"last"]


async def test_buffered_is_counted_and_drains(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        sink = Sink(theirs.control)
        drained = asyncio.Event()
        ours.on_drained = drained.set
        for _ in range(64):
            ours.control.send(b"x" * MAX_FRAME_BYTES)
        assert ours.buffered > 512 * 1024
        async with asyncio.timeout(20):
            await drained.wait()
        await sink.count(64)
        assert ours.buffered == 0
        assert ours.control.buffered == 0


async def test_the_other_end_hears_of_a_close(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        closed = asyncio.Event()
        theirs.on_closed = closed.set
        await ours.close()
        async with asyncio.timeout(5):
            await closed.wait()
        with pytest.raises(ConnectionLost):
            await ours.open_lane(reliable=True)
        ours.control.send(b"into the void")


async def test_an_end_that_came_early_is_told_when_somebody_listens(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        gone = asyncio.Event()
        theirs.control.on_closed = gone.set
        await ours.close()
        async with asyncio.timeout(5):
            await gone.wait()
        told: list[str] = []
        theirs.on_closed = lambda: told.append("closed")
        assert told == ["closed"]


@pytest.mark.parametrize("stage", ["new", "offered", "answered", "connecting"])
async def test_close_leaves_nothing_at_any_stage(engine: Engine, stage: str) -> None:
    ours, theirs = engine.create(ice_servers=[]), engine.create(ice_servers=[])
    if stage != "new":
        offer = await ours.offer()
        if stage != "offered":
            answer = await theirs.answer(offer)
            if stage == "connecting":
                await ours.accept(answer)
    await ours.close()
    with pytest.raises(ConnectionLost):
        await ours.opened()
    await theirs.close()
    await theirs.close()


async def test_cancelled_gathering_leaves_nothing(engine: Engine) -> None:
    ours = engine.create(ice_servers=[])
    offering = asyncio.create_task(ours.offer())
    await asyncio.sleep(0)
    offering.cancel()
    await asyncio.wait([offering])
    await ours.close()


@pytest.mark.parametrize(
    "text", ["", "v=0\r\n", "m=audio 9 RTP/AVP 0\r\n", "a" * 100_000, '{"type": "offer"}', "\0\n=:"]
)
async def test_nonsense_for_an_sdp_is_a_typed_error(engine: Engine, text: str) -> None:
    link, other = engine.create(ice_servers=[]), engine.create(ice_servers=[])
    await other.offer()
    with pytest.raises(NegotiationFailed):
        await link.answer(text)
    with pytest.raises(NegotiationFailed):
        await other.accept(text)
    await link.close()
    await other.close()


async def test_two_links_of_one_process_do_not_mix(engine: Engine) -> None:
    async with joined(engine) as (one, two), joined(engine) as (three, four):
        one.control.send(b"first")
        three.control.send(b"second")
        assert await Sink(two.control).count(1) == [b"first"]
        assert await Sink(four.control).count(1) == [b"second"]


async def test_strangers_datagrams_at_an_ice_socket_do_no_harm() -> None:
    """Malformed STUN, empty datagrams, DTLS and noise from somebody who only knows the port."""
    async with joined(AiortcEngine()) as (ours, theirs):
        host, _, port = ours.stats().local.partition(" ")[2].rpartition(":")
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.connect((host.strip("[]"), int(port)))
            cookie = bytes.fromhex("2112a442") + bytes(12)
            for datagram in (
                b"",
                b"\x00\x01\x00\x08" + cookie + bytes.fromhex("000d000101000000"),  # LIFETIME of one byte
                b"\x00\x01\x00\x04" + cookie + bytes.fromhex("00240000"),  # PRIORITY of none
                b"\x01\x01\x00\x08" + cookie + bytes.fromhex("0020000400010000"),  # a short address
                b"\x01\x11\x00\x08" + cookie + bytes.fromhex("00090004000004ff"),
                b"\x16\xfe\xfd" + os.urandom(60),
                b"\x80\x00" + os.urandom(20),
                *(os.urandom(size) for size in range(1, 200)),
            ):
                stranger.send(datagram)
            ours.control.send(b"still here")
            assert await Sink(theirs.control).count(1) == [b"still here"]
            theirs.control.send(b"so am I")
            assert await Sink(ours.control).count(1) == [b"so am I"]
